import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import type * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { Receipt } from '../records/records.ts';
import { describeDecoder } from '../tensors/decoder.contract.ts';
import { decodeJson, decodeWith } from '../values/decode.ts';
import { accept } from '../values/refusal.ts';
import {
  Capabilities,
  ClientMessage,
  ContributorMessage,
  FrameHead,
  HelloClaim,
  HubMessage,
  VerifierMessage,
} from './control.ts';

type Sample = { type: string; [field: string]: unknown };
/** One well-formed value of each message. */
const samplesOf: {
  client: Sample[];
  hub: Sample[];
  frame: Sample[];
  receipt: Record<string, unknown>;
} = JSON.parse(readFileSync(new URL('../vectors/messages.json', import.meta.url), 'utf8'));
const families: [string, v.GenericSchema, readonly Sample[]][] = [
  ['client', ClientMessage, samplesOf.client],
  ['hub', HubMessage, samplesOf.hub],
  ['frame', FrameHead, samplesOf.frame],
];
const every = families.flatMap(([family, schema, samples]) =>
  samples.map((sample) => ({ name: `${family} ${sample.type}`, schema, sample })),
);
const typesOf = (options: readonly { entries: { type: { literal: string } } }[]) =>
  options.map(({ entries }) => entries.type.literal).toSorted();

/** Paths of all strings in lower-case hex, as `lease.inputs.root`. */
function hexPaths(value: unknown, path: string[] = []): string[][] {
  if (typeof value === 'string') return /^[0-9a-f]{32,}$/.test(value) ? [path] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, field]) => hexPaths(field, [...path, name]));
}

function replaceAt(value: unknown, [name, ...rest]: readonly string[], field: unknown): unknown {
  if (name === undefined) return field;
  const copy = structuredClone(value) as Record<string, unknown>;
  copy[name] = replaceAt(copy[name], rest, field);
  return copy;
}

describe('control messages', () => {
  it('have a sample of each type', () => {
    const sampled = (samples: readonly Sample[]) => samples.map(({ type }) => type).toSorted();
    const client = [...ContributorMessage.options, ...VerifierMessage.options];
    expect(sampled(samplesOf.client)).toEqual(typesOf(client));
    expect(sampled(samplesOf.hub)).toEqual(typesOf(HubMessage.options));
    expect(sampled(samplesOf.frame)).toEqual(typesOf(FrameHead.options));
  });

  it.each(every)('$name crosses as JSON without a change', ({ schema, sample }) => {
    expect(decodeJson(schema, JSON.stringify(sample))).toEqual(accept(sample));
  });

  it.each(every)('$name is refused with a field too many or a field too few', (message) => {
    const { schema, sample } = message;
    const extra = decodeWith(schema, { ...sample, surprise: 1 });
    expect(extra).toMatchObject({ ok: false, refusal: { path: 'surprise' } });
    for (const [name, field] of Object.entries(sample)) {
      const { [name]: _, ...rest } = sample;
      const decoded = decodeWith(schema, rest);
      const optional = decodeWith(schema, { ...rest, [name]: undefined }).ok;
      expect(decoded.ok, name).toBe(optional);
      const nulled = decodeWith(schema, { ...rest, [name]: null });
      expect(nulled, `${name} was ${field}`).toMatchObject({ ok: false, refusal: { path: name } });
    }
  });

  it.each(every)('$name is refused with wrong hex, and the path is named', ({ schema, sample }) => {
    for (const path of hexPaths(sample)) {
      const hex = path.reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], sample);
      for (const wrong of [`${hex}0`, String(hex).slice(1), String(hex).toUpperCase(), 7]) {
        const decoded = decodeWith(schema, replaceAt(sample, path, wrong));
        expect(decoded).toMatchObject({ ok: false, refusal: { path: path.join('.') } });
      }
    }
  });

  it.each(families)('of the %s with an unknown type, or none, are refused', (_, schema) => {
    for (const value of [{ type: 'reserved' }, { type: 1 }, {}]) {
      expect(decodeWith(schema, value)).toMatchObject({
        ok: false,
        refusal: { code: 'message-malformed', path: 'type' },
      });
    }
    for (const value of [null, 'beat', 1, undefined]) {
      const decoded = decodeWith(schema, value);
      expect(decoded).toMatchObject({ ok: false, refusal: { code: 'message-malformed' } });
      expect(decoded.ok || decoded.refusal).not.toHaveProperty('path');
    }
  });

  it('answer any JSON, and samples with any field put anywhere, without throwing', () => {
    const place = fc.constantFrom(...every).chain((message) => {
      const names = Object.keys(message.sample);
      return fc.record({ message: fc.constant(message), name: fc.constantFrom(...names) });
    });
    fc.assert(
      fc.property(place, fc.jsonValue(), ({ message: { schema, sample }, name }, value) => {
        expect(typeof decodeWith(schema, value).ok).toBe('boolean');
        expect(typeof decodeWith(schema, { ...sample, [name]: value }).ok).toBe('boolean');
      }),
      { numRuns: 500 },
    );
  });

  it('refuse a tower of brackets', () => {
    const tower = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    expect(decodeJson(ClientMessage, tower)).toMatchObject({ ok: false });
    expect(decodeJson(FrameHead, `{"type":"reveal","reveal":${tower}}`)).toMatchObject({
      ok: false,
      refusal: { path: 'reveal.lease' },
    });
  });

  for (const [family, schema, samples] of families) {
    describeDecoder(
      `${family} message`,
      (bytes) => decodeJson(schema, new TextDecoder().decode(bytes)),
      samples.map((sample) => new TextEncoder().encode(JSON.stringify(sample))),
    );
  }
});

describe('receipts', () => {
  it('cross as JSON without a change, and name what is wrong', () => {
    expect(decodeJson(Receipt, JSON.stringify(samplesOf.receipt))).toEqual(
      accept(samplesOf.receipt),
    );
    const wrong = replaceAt(samplesOf.receipt, ['verdicts', '0', 'verdict', 'kind'], 'guilty');
    expect(decodeWith(Receipt, wrong, 'request-invalid')).toMatchObject({
      ok: false,
      refusal: { code: 'request-invalid', path: 'verdicts.0.verdict.kind' },
    });
  });
});

describe('what a device says of itself', () => {
  const [hello] = ContributorMessage.options;

  // privacy: random-key
  it('is a key and a signature, and nothing that names a person', () => {
    expect(Object.keys(HelloClaim.entries).sort()).toEqual(
      ['hub', 'key', 'nonce', 'role', 'version'].sort(),
    );
    // Those of verifiers aside: what they have judged and reviewed.
    const own = Object.keys(hello.entries).filter((name) => !/^(judged|reviewed)$/.test(name));
    expect(own.sort()).toEqual(['answer', 'capabilities', 'claim', 'signature', 'type']);
  });

  // privacy: told-of-itself
  it('beside it is what it can compute with', () => {
    expect(Object.keys(Capabilities.entries).sort()).toEqual(
      ['adapter', 'engine', 'features', 'memoryBytes', 'providers', 'threads'].sort(),
    );
  });
});
