import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkFingerprint } from '../checks/fingerprint-check.ts';
import { decodeWith } from '../values/decode.ts';
import type { PublicKey } from '../values/ids.ts';
import { checkReceipt } from './receipt-check.ts';
import { Receipt } from './records.ts';
import { sampleKey, sampleReceipt } from './sample-receipt.ts';

const honest = sampleReceipt();

/** The path of every string and number of a receipt. */
function leavesOf(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([name, inner]) => leavesOf(inner, [...path, name]));
}
const leaves = leavesOf(honest);

/** The receipt with one field replaced by what `change` makes of it. */
function withField(path: readonly string[], change: (old: unknown) => unknown): unknown {
  const copy = structuredClone(honest) as unknown as Record<string, unknown>;
  let inner = copy;
  for (const name of path.slice(0, -1)) inner = inner[name] as Record<string, unknown>;
  const last = path.at(-1) ?? '';
  inner[last] = change(inner[last]);
  return copy;
}

/** What a reader of the tampered receipt is told: the path the schema refuses, or the faults. */
function readTampered(value: unknown): { fields: string[] } {
  const decoded = decodeWith(Receipt, value);
  if (!decoded.ok) return { fields: [decoded.refusal.path ?? ''] };
  return { fields: checkReceipt(decoded.value).flatMap(({ fields }) => fields) };
}

const names = (fields: readonly string[], path: readonly string[]): boolean => {
  const whole = path.join('.');
  return fields.some((field) => whole === field || whole.startsWith(`${field}.`));
};

describe('checkReceipt', () => {
  it('finds nothing wrong with an honest receipt', () => {
    expect(decodeWith(Receipt, honest)).toMatchObject({ ok: true });
    expect(checkReceipt(honest)).toEqual([]);
    expect(checkReceipt(honest, honest.hub)).toEqual([]);
  });

  it('refuses a receipt of another hub', () => {
    const [fault] = checkReceipt(honest, sampleKey('another').key as PublicKey);
    expect(fault?.fields).toEqual(['hub']);
  });

  it('refuses any flipped bit of any character of any field, and names the field', () => {
    fc.assert(
      fc.property(fc.constantFrom(...leaves), fc.nat(), fc.nat({ max: 6 }), (path, pick, bit) => {
        const tampered = withField(path, (old) => {
          if (typeof old !== 'string') return Number(old) ^ (1 << bit) || Number(old) + 1;
          const at = pick % old.length;
          const flipped = String.fromCharCode(old.charCodeAt(at) ^ (1 << bit));
          return `${old.slice(0, at)}${flipped}${old.slice(at + 1)}`;
        });
        const { fields } = readTampered(tampered);
        expect(names(fields, path), `${path.join('.')} in ${fields}`).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it.each(leaves.map((path) => ({ path, name: path.join('.') })))(
    'refuses another $name and names it',
    ({ path }) => {
      const tampered = withField(path, (old) => {
        if (typeof old === 'number') return old + 1;
        const text = String(old);
        const other = text.startsWith('1') ? '2' : '1';
        return /^[0-9a-f]{32,}$/.test(text) ? `${other}${text.slice(1)}` : `${text}x`;
      });
      expect(names(readTampered(tampered).fields, path)).toBe(true);
    },
  );

  it('refuses a receipt with a verdict left out, or with one twice', () => {
    const [first] = honest.verdicts;
    if (first === undefined) throw new Error('no verdict');
    for (const verdicts of [[first], [first, ...honest.verdicts], []]) {
      const [fault] = checkReceipt({ ...honest, verdicts });
      expect(fault?.fields).toContain('verdicts');
      expect(fault?.message).toContain('left out');
    }
  });

  it('refuses a verdict about another shard even when the hub signs the whole', () => {
    const { signature: _signature, ...record } = honest;
    const moved = { ...record, shard: { ...record.shard, firstUnit: 0, workBefore: 5_000 } };
    const signed = { ...moved, signature: sampleKey('hub').sign('receipt', moved) };
    expect(checkReceipt(signed).map(({ fields }) => fields[0])).toEqual([
      'verdicts.0',
      'verdicts.1',
    ]);
  });
});

describe('a receipt of a package with taps', () => {
  const right = new Uint8Array(128).map((_, at) => (at % 2 === 1 ? 0x3c : at));
  const wrong = right.map((byte, at) => (at === 66 ? byte ^ 1 : byte));
  const same = checkFingerprint(right, right, 'exact');
  const forged = checkFingerprint(wrong, right, 'exact');
  const fieldsOf = (receipt: Receipt) => checkReceipt(receipt).map(({ fields }) => fields[0]);

  it('holds with its fingerprints, equal or not', () => {
    for (const receipt of [
      sampleReceipt({ fingerprint: same }),
      sampleReceipt({ fingerprint: forged, kind: 'mismatch' }),
      sampleReceipt({ kind: 'inconclusive' }),
    ]) {
      expect(decodeWith(Receipt, receipt)).toMatchObject({ ok: true });
      expect(checkReceipt(receipt)).toEqual([]);
    }
  });

  it.each([
    ['that says match and compares no fingerprint', {}],
    ['that says match of a wrong inside', { fingerprint: forged }],
    ['whose distances its bytes do not give', { fingerprint: { ...same, l2: [0, 0.5] } }],
  ])('is refused with a signed verdict %s', (_what, judged) => {
    expect(fieldsOf(sampleReceipt(judged))).toEqual(['verdicts.0', 'verdicts.1']);
  });

  it('is refused without the digest of its taps, or with another one', () => {
    const { shard, ...rest } = sampleReceipt({ fingerprint: same });
    const { taps, ...without } = shard;
    expect(taps).toHaveLength(64);
    for (const changed of [without, { ...shard, taps: shard.commitment }]) {
      expect(fieldsOf({ ...rest, shard: changed })).toContain('shard.digests');
    }
  });
});
