import { describe, expect, test } from 'vitest';
import { encodeBase64 } from '#protocol/bytes/base64.ts';
import { concatBytes, digest } from '#protocol/bytes/digest.ts';
import { projectionSeed, projectTaps } from '#protocol/checks/fingerprint.ts';
import type { PackageManifest, Tap } from '#protocol/models/package.ts';
import type { Receipt } from '#protocol/records/records.ts';
import type { TensorSpec } from '#protocol/tensors/tensor.ts';
import type { Digest, Signature } from '#protocol/values/ids.ts';
import type { Provider } from '#protocol/values/provider.ts';
import { refusal } from '#protocol/values/refusal.ts';
import {
  isEnd,
  REPLAY_START,
  type Replay,
  type ReplayEvent,
  type ReplayState,
  replayDeadlineMs,
  stepReplay,
  viewReplay,
} from './replay.ts';
import {
  compareReplay,
  differOutputs,
  judgedFingerprint,
  readUnitDigests,
} from './replay-finding.ts';

const OUTPUTS: TensorSpec[] = [
  { name: 'scores', dtype: 'f32', shape: [1, 3] },
  { name: 'label', dtype: 'i64', shape: [1] },
];
const manifest = {
  runtime: { outputs: OUTPUTS, comparators: [] },
} as unknown as PackageManifest;

function unitOf(scores: readonly number[], label: bigint) {
  const bytes = concatBytes(
    new Uint8Array(new Float32Array(scores).buffer),
    new Uint8Array(new BigInt64Array([label]).buffer),
  );
  return { bytes, digest: digest(bytes) };
}

const honest = unitOf([1, 2, 3], 2n);
const receipt = (provider: Provider, outputs: Digest = honest.digest) => {
  const raw = Uint8Array.from(outputs.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  const digests = encodeBase64(concatBytes(new Uint8Array(32), raw));
  return {
    shard: { firstUnit: 4, unitCount: 2, provider, digests },
    inputs: { digests: encodeBase64(new Uint8Array(64).fill(7)) },
  } as unknown as Receipt;
};
const finding = (given: {
  provider?: Provider;
  claimed?: Digest;
  replayed?: typeof honest;
  held?: typeof honest | undefined;
}) =>
  compareReplay({
    receipt: receipt(given.provider ?? 'wasm'),
    unit: 5,
    claimed: given.claimed ?? honest.digest,
    manifest,
    replayed: given.replayed ?? honest,
    held: 'held' in given ? given.held : honest,
  });
const said = (...args: Parameters<typeof finding>) =>
  viewReplay({ name: 'done', faults: [], finding: finding(...args) });

describe('what a replay has shown', () => {
  test('the same bytes, with their digest', () => {
    const view = said({});
    expect(view).toMatchObject({ tone: 'good', title: 'Same bytes' });
    expect(view.facts).toEqual([{ label: 'SHA-256', value: honest.digest, digest: true }]);
  });

  test('other bytes: which output, how many values, by how much', () => {
    const lie = unitOf([1, 2.5, 3], 1n);
    const view = said({ claimed: lie.digest, held: lie });
    expect(view).toMatchObject({ tone: 'bad', title: 'Different bytes' });
    expect(view.facts.map(({ value }) => value)).toEqual([
      lie.digest,
      honest.digest,
      '1 of 3 values differ, by 0.5 at most',
      '1 of 1 values differ, by 1 at most',
    ]);
  });

  test('a receipt that names a digest the hub does not hold', () => {
    const view = said({ claimed: 'ab'.repeat(32) as Digest });
    expect(view.title).toBe('The receipt names other bytes');
    expect(view.facts.map(({ label }) => label)).toContain('Held by the hub');
  });

  test('digests still tell without the hub’s bytes', () => {
    expect(said({ held: undefined }).title).toBe('Same bytes');
    expect(said({ claimed: 'ab'.repeat(32) as Digest, held: undefined }).title).toBe(
      'Different bytes',
    );
  });

  test('a GPU is judged by its distance', () => {
    const near = unitOf([1, 2, 3.000001], 2n);
    const far = unitOf([1, 2, 4], 2n);
    expect(said({ provider: 'webgpu', claimed: near.digest, held: near })).toMatchObject({
      tone: 'good',
      title: 'Within tolerance',
      reason: expect.stringContaining('L2'),
    });
    expect(said({ provider: 'webgpu', claimed: far.digest, held: far })).toMatchObject({
      tone: 'bad',
      title: 'Beyond tolerance',
    });
    expect(said({ provider: 'webgpu', claimed: far.digest, held: undefined }).tone).toBe('bad');
  });

  test('an altered receipt is never called good, whatever its bytes', () => {
    const faults = [{ fields: ['salt'], message: 'the device committed to other outputs' }];
    const view = viewReplay({ name: 'done', faults, finding: finding({}) });
    expect(view).toMatchObject({ tone: 'bad', title: 'This receipt was altered' });
    expect(view.faults).toEqual(['The device committed to other outputs.']);
  });
});

describe('what a replay has shown of the inside of a model', () => {
  const taps: Tap[] = ['a', 'b'].map((name) => ({
    ...{ name, dtype: 'f32' as const, shape: [1, 2], scale: 1 },
  }));
  const values = [Float32Array.of(1, 2), Float32Array.of(3, 4)];
  const logSignature = 'ab'.repeat(64) as Signature;
  const commitment = 'cd'.repeat(32) as Digest;
  const printOf = (inside: readonly Float32Array[]) =>
    encodeBase64(projectTaps(inside, projectionSeed(logSignature, commitment), [1, 1]));
  const tapped = (fingerprint: string | undefined) => {
    const { shard, ...rest } = receipt('wasm');
    const found = compareReplay({
      receipt: { ...rest, logSignature, shard: { ...shard, commitment } } as Receipt,
      unit: 5,
      claimed: honest.digest,
      manifest: { ...manifest, runtime: { ...manifest.runtime, taps } },
      replayed: { ...honest, taps: new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer) },
      held: honest,
      fingerprint,
    });
    return viewReplay({ name: 'done', faults: [], finding: found });
  };

  test('the fingerprint under the receipt’s own seed', () => {
    const view = tapped(printOf(values));
    expect(view).toMatchObject({ tone: 'good', title: 'Same bytes' });
    expect(view.facts.at(-1)?.value).toContain('fingerprint of 2 taps holds');
  });

  test('right outputs with a wrong inside are bad, and the tap is named', () => {
    const view = tapped(printOf([values[0] ?? new Float32Array(2), Float32Array.of(3, 5)]));
    expect(view).toMatchObject({ tone: 'bad', title: 'Different inside' });
    expect(view.facts.at(-1)?.value).toContain('from tap 2 of 2 on');
  });

  test('outputs alone tell without a fingerprint at the hub', () => {
    const view = tapped(undefined);
    expect(view.title).toBe('Same bytes');
    expect(view.facts.map(({ label }) => label)).not.toContain('Inside');
  });

  test('the fingerprint that a verifier judged stands in the receipt', () => {
    const fingerprint = { claimed: 'AAAA' };
    const verdicts = [{ verdict: { unit: 4 } }, { verdict: { unit: 5, fingerprint } }];
    const judged = { verdicts } as unknown as Receipt;
    expect([4, 5, 6].map((unit) => judgedFingerprint(judged, unit))).toEqual([
      undefined,
      'AAAA',
      undefined,
    ]);
  });
});

test('NaN against a number has no largest difference', () => {
  const nan = unitOf([Number.NaN, 2, 3], 2n);
  expect(differOutputs(OUTPUTS, nan.bytes, honest.bytes)).toEqual([
    { name: 'scores', differing: 1, of: 3 },
    { name: 'label', differing: 0, of: 1, largest: 0 },
  ]);
});

test('the digests of a unit, or why there are none', () => {
  expect(readUnitDigests(receipt('wasm'), 5)).toEqual({
    ok: true,
    value: { inputs: '07'.repeat(32), claimed: honest.digest },
  });
  for (const unit of [3, 6, 4.5]) {
    expect(readUnitDigests(receipt('wasm'), unit)).toMatchObject({
      refusal: { code: 'range-invalid' },
    });
  }
  const cut = receipt('wasm');
  cut.inputs.digests = encodeBase64(new Uint8Array(32));
  expect(readUnitDigests(cut, 5)).toMatchObject({ refusal: { code: 'message-malformed' } });
});

describe('the states of a replay', () => {
  const run = (...events: ReplayEvent[]): Replay => events.reduce(stepReplay, REPLAY_START);
  const running = { type: 'moved', to: { name: 'running' } } as const;

  test('each has a title and a reason', () => {
    const states: ReplayState[] = [
      { name: 'checking' },
      { name: 'fetching', what: 'package' },
      { name: 'fetching', what: 'inputs' },
      { name: 'fetching', what: 'model', share: 0.5 },
      { name: 'fetching', what: 'outputs' },
      { name: 'loading' },
      { name: 'running' },
      { name: 'stopped' },
      { name: 'failed', faults: [], refusal: refusal('blob-hash', 'wrong model') },
    ];
    for (const state of states) {
      const { title, reason } = viewReplay(state);
      expect(title).not.toBe('');
      expect(reason).not.toBe('');
      expect(replayDeadlineMs(state)).toBeGreaterThan(0);
    }
  });

  test('a deadline says where it stood', () => {
    const { state } = run(running, { type: 'deadline' });
    expect(state).toMatchObject({ name: 'failed', refusal: { code: 'provider-timeout' } });
    expect(viewReplay(state).reason).toMatch(/too long\. Computing the unit\. Close/);
  });

  test('faults found first are kept to the end', () => {
    const faults = [{ fields: ['hub'], message: 'of another hub' }];
    const ended = run({ type: 'checked', faults }, running, {
      type: 'found',
      finding: finding({}),
    });
    expect(ended.state).toMatchObject({ name: 'done', faults });
  });

  test('nothing follows an end', () => {
    const late: ReplayEvent[] = [
      running,
      { type: 'deadline' },
      { type: 'found', finding: finding({}) },
    ];
    for (const end of [{ type: 'cancel' }, { type: 'deadline' }] as const) {
      const ended = run(running, end);
      expect(isEnd(ended.state)).toBe(true);
      for (const event of late) expect(stepReplay(ended, event)).toBe(ended);
    }
  });

  test('a slow model has longer', () => {
    const slow = { referenceUnitMs: 1_000 } as PackageManifest;
    expect(replayDeadlineMs({ name: 'running' }, slow)).toBe(200_000);
  });
});
