import { describe, expect, it } from 'vitest';
import {
  concatBytes,
  DIGEST_BYTES,
  digest,
  digestCommitment,
  sha256,
} from '#protocol/bytes/digest.ts';
import { FINGERPRINT_BYTES_MAX, fingerprintBytes } from '#protocol/checks/fingerprint.ts';
import { checkFingerprint, type FingerprintCheck } from '#protocol/checks/fingerprint-check.ts';
import type { Tap } from '#protocol/models/package.ts';
import type { Reveal, Verdict } from '#protocol/records/records.ts';
import type { Digest } from '#protocol/values/ids.ts';
import { millis } from '#protocol/values/units.ts';
import {
  type Bench,
  beginJob,
  joinWorker,
  openBench,
  PHONE,
  quoteJob,
  SALT,
  SIGNED,
  UNIT_BYTES,
  verdictOn,
} from './fake-world.ts';
import { selectFacts } from './state/fact-lists.ts';

const TAPS: Tap[] = [1, 2, 3, 4].map((number) => ({
  name: `tap${number}`,
  dtype: 'f32',
  shape: [1, 100],
  scale: 2 ** number,
}));
const PRINT_BYTES = fingerprintBytes(TAPS.length);
const TAPS_DIGEST = digest(Uint8Array.of(9));

/** A tapped job under way, and a device with a lease of it. */
function openStage(taps: readonly Tap[] = TAPS) {
  const bench = openBench();
  quoteJob(bench, 40, { taps });
  beginJob(bench);
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  const lease = bench.last(2, 'lease')?.lease;
  if (lease === undefined) throw new Error('no lease');
  return { bench, lease, units: lease.unitCount };
}
type Stage = ReturnType<typeof openStage>;

function commit({ bench, lease, units }: Stage, taps: Digest | undefined): void {
  const unit = sha256(new Uint8Array(UNIT_BYTES));
  const digests = concatBytes(...Array.from({ length: units }, () => unit));
  expect(digests).toHaveLength(units * DIGEST_BYTES);
  const opens = { lease: lease.id, device: PHONE, salt: SALT, digests, taps };
  const commitment = digestCommitment(opens);
  bench.say(2, { type: 'commit', lease: lease.id, commitment, signature: SIGNED });
}

function reveal(
  { bench, lease, units }: Stage,
  sent: { taps: Digest | undefined; fingerprints: Uint8Array },
): void {
  const opened: Reveal = { lease: lease.id, salt: SALT, computeMs: millis(1) };
  if (sent.taps !== undefined) opened.taps = sent.taps;
  const payload = concatBytes(new Uint8Array(units * UNIT_BYTES), sent.fingerprints);
  bench.post({ type: 'framed', socket: 2, head: { type: 'reveal', reveal: opened }, payload });
}

/** Half-precision numbers, different for each unit, none of them NaN. */
const printsOf = (units: number) =>
  new Uint8Array(units * PRINT_BYTES).map((_, at) => (at % 2 === 1 ? 0x3c : at % 251));

const acceptedFacts = (bench: Bench) => selectFacts(bench.facts)('accepted');

function deliver(stage: Stage): void {
  commit(stage, TAPS_DIGEST);
  reveal(stage, { taps: TAPS_DIGEST, fingerprints: printsOf(stage.units) });
}

describe('a package with taps', () => {
  it('has 256 bytes of proof for a unit beside its outputs', () => {
    expect(PRINT_BYTES).toBe(FINGERPRINT_BYTES_MAX);
    const stage = openStage();
    deliver(stage);
    const [fact] = acceptedFacts(stage.bench);
    expect((fact?.fingerprints?.length ?? 0) / stage.units).toBeLessThanOrEqual(256);
  });

  it('is leased as a package that names its taps', () => {
    const { bench } = openStage();
    expect(bench.last(2, 'admit')?.manifest.runtime.taps).toEqual(TAPS);
  });

  it('has fingerprints kept beside the outputs, and the taps’ digest in the shard', () => {
    const stage = openStage();
    deliver(stage);
    expect(stage.bench.last(2, 'accepted')).toMatchObject({ units: stage.units });
    expect(acceptedFacts(stage.bench)).toMatchObject([
      { shard: { taps: TAPS_DIGEST }, fingerprints: printsOf(stage.units) },
    ]);
    expect(acceptedFacts(stage.bench)[0]?.outputs).toHaveLength(stage.units * UNIT_BYTES);
    expect(stage.bench.last(1, 'check')?.shard.taps).toBe(TAPS_DIGEST);
  });

  it('takes a reveal that comes after a restart', () => {
    const stage = openStage();
    commit(stage, TAPS_DIGEST);
    const { bench, units } = stage;
    const logged = bench.last(2, 'logged');
    expect(logged?.signature).toBe(SIGNED);
    bench.restart();
    bench.join(2, PHONE, 'contributor');
    reveal(stage, { taps: TAPS_DIGEST, fingerprints: printsOf(units) });
    expect(acceptedFacts(bench)).toHaveLength(1);
    bench.restart();
    expect(bench.job()).toMatchObject({ accepted: units });
  });

  it.each<[what: string, code: string, act: (stage: Stage) => void]>([
    [
      'no fingerprints',
      'result-shape',
      (stage) => reveal(stage, { taps: TAPS_DIGEST, fingerprints: new Uint8Array(0) }),
    ],
    [
      'one fingerprint too few',
      'result-shape',
      ({ units, ...rest }) =>
        reveal({ units, ...rest }, { taps: TAPS_DIGEST, fingerprints: printsOf(units - 1) }),
    ],
    [
      'a byte too many',
      'result-shape',
      (stage) =>
        reveal(stage, {
          taps: TAPS_DIGEST,
          fingerprints: Uint8Array.of(...printsOf(stage.units), 0),
        }),
    ],
    [
      'no digest of its taps',
      'result-shape',
      (stage) => reveal(stage, { taps: undefined, fingerprints: printsOf(stage.units) }),
    ],
    [
      'another digest of its taps',
      'commitment-mismatch',
      (stage) =>
        reveal(stage, {
          taps: digest(Uint8Array.of(8)),
          fingerprints: printsOf(stage.units),
        }),
    ],
    [
      'NaN in its last fingerprint',
      'result-nan',
      (stage) => {
        const fingerprints = printsOf(stage.units);
        fingerprints.set([0x01, 0xfc], fingerprints.length - 2);
        reveal(stage, { taps: TAPS_DIGEST, fingerprints });
      },
    ],
  ])('refuses a reveal with %s, and opens its units again', (_what, code, act) => {
    const stage = openStage();
    commit(stage, TAPS_DIGEST);
    act(stage);
    expect(stage.bench.last(2, 'revoked')).toMatchObject({ code, lease: stage.lease.id });
    expect(acceptedFacts(stage.bench)).toEqual([]);
    expect(selectFacts(stage.bench.facts)('unrevealed')).toMatchObject([{ atFault: true }]);
  });

  it('is not opened by a commitment without taps', () => {
    const stage = openStage();
    commit(stage, undefined);
    reveal(stage, { taps: TAPS_DIGEST, fingerprints: printsOf(stage.units) });
    expect(stage.bench.last(2, 'revoked')).toMatchObject({ code: 'commitment-mismatch' });
  });
});

describe('the seed of a fingerprint', () => {
  const logged = ({ bench }: Stage) =>
    (bench.sent.get(2) ?? []).filter(({ type }) => type === 'logged');
  const OTHER = digest(Uint8Array.of(8));

  it('is unknown until the taps are committed to: a fingerprint before that is declined', () => {
    const stage = openStage();
    reveal(stage, { taps: TAPS_DIGEST, fingerprints: printsOf(stage.units) });
    expect(stage.bench.last(2, 'declined')).toMatchObject({ code: 'commitment-missing' });
    expect(logged(stage)).toEqual([]);
    commit(stage, TAPS_DIGEST);
    expect(logged(stage)).toHaveLength(1);
  });

  it('is the same for who asks twice, and no other for who would commit to other taps', () => {
    const stage = openStage();
    commit(stage, TAPS_DIGEST);
    commit(stage, TAPS_DIGEST);
    const [first, again] = logged(stage);
    expect(again).toEqual(first);
    commit(stage, OTHER);
    expect(stage.bench.last(2, 'declined')).toMatchObject({ code: 'commitment-duplicate' });
    expect(logged(stage)).toHaveLength(2);
    expect(selectFacts(stage.bench.facts)('committed')).toHaveLength(1);
    reveal(stage, { taps: OTHER, fingerprints: printsOf(stage.units) });
    expect(stage.bench.last(2, 'revoked')).toMatchObject({ code: 'commitment-mismatch' });
  });

  it('is of one lease: a reveal is taken once, and opens no later shard', () => {
    const stage = openStage();
    deliver(stage);
    reveal(stage, { taps: TAPS_DIGEST, fingerprints: printsOf(stage.units) });
    expect(acceptedFacts(stage.bench)).toHaveLength(1);
    const { bench, lease: replayed } = stage;
    bench.say(2, { type: 'request' });
    const lease = bench.last(2, 'lease')?.lease;
    if (lease === undefined || lease.id === replayed.id) throw new Error('no second lease');
    const { unitCount: units } = lease;
    const [copied] = selectFacts(bench.facts)('committed');
    const commitment = copied?.commitment.entry.commitment ?? OTHER;
    bench.say(2, { type: 'commit', lease: lease.id, commitment, signature: SIGNED });
    const fingerprints = printsOf(units);
    reveal({ bench, lease, units }, { taps: TAPS_DIGEST, fingerprints });
    expect(bench.last(2, 'revoked')).toMatchObject({ code: 'commitment-mismatch' });
    expect(acceptedFacts(bench)).toHaveLength(1);
  });

  it('is of no use after the deadline: a late fingerprint is declined, its units are open', () => {
    const stage = openStage();
    commit(stage, TAPS_DIGEST);
    stage.bench.wait(35_000);
    expect(stage.bench.last(2, 'revoked')).toMatchObject({ lease: stage.lease.id });
    reveal(stage, { taps: TAPS_DIGEST, fingerprints: printsOf(stage.units) });
    expect(stage.bench.last(2, 'declined')).toMatchObject({ code: 'lease-expired' });
    expect(acceptedFacts(stage.bench)).toEqual([]);
  });
});

describe('a package without taps', () => {
  it('takes no digest of taps, and no byte behind its outputs', () => {
    for (const [taps, length] of [
      [TAPS_DIGEST, 0],
      [undefined, PRINT_BYTES],
    ] as const) {
      const stage = openStage([]);
      commit(stage, taps);
      reveal(stage, { taps, fingerprints: new Uint8Array(length) });
      expect(stage.bench.last(2, 'revoked')).toMatchObject({ code: 'result-shape' });
    }
  });
});

describe('a verdict on a unit with taps', () => {
  const right = printsOf(1);
  const wrong = right.map((byte, at) => (at === 130 ? byte ^ 1 : byte));
  const same = checkFingerprint(right, right, 'exact');
  const forged = checkFingerprint(wrong, right, 'exact');

  function say(stage: Stage, kind: Verdict['kind'], change: Partial<Verdict>) {
    const { verdict, signature } = verdictOn(stage.bench, 'match');
    const said = { ...verdict, kind, runs: kind === 'mismatch' ? 2 : 1, ...change };
    stage.bench.say(1, { type: 'verdict', signed: { verdict: said, signature } });
  }
  const verdicts = ({ bench }: Stage) => selectFacts(bench.facts)('verdict');

  it('may say mismatch of right outputs with a wrong inside: its device is out', () => {
    const stage = openStage();
    deliver(stage);
    say(stage, 'mismatch', { fingerprint: forged });
    expect(forged.deviates).toBe(2);
    expect(verdicts(stage)).toHaveLength(1);
    expect(selectFacts(stage.bench.facts)('banned')).toMatchObject([{ device: PHONE }]);
    expect(stage.bench.job()).toMatchObject({ accepted: 0, mismatched: 1 });
  });

  it.each<[what: string, kind: Verdict['kind'], fingerprint: FingerprintCheck | undefined]>([
    ['a match that compared no fingerprint', 'match', undefined],
    ['a match although a tap deviates', 'match', forged],
    ['a mismatch where nothing differs', 'mismatch', same],
    ['a deviation that its bytes do not show', 'mismatch', { ...same, deviates: 1 }],
  ])('is declined: %s', (_what, kind, fingerprint) => {
    const stage = openStage();
    deliver(stage);
    say(stage, kind, fingerprint === undefined ? {} : { fingerprint });
    expect(stage.bench.last(1, 'declined')).toMatchObject({ code: 'result-digest' });
    expect(verdicts(stage)).toEqual([]);
    expect(selectFacts(stage.bench.facts)('banned')).toEqual([]);
  });

  it('is taken: a match whose fingerprints are the same', () => {
    const stage = openStage();
    deliver(stage);
    say(stage, 'match', { fingerprint: same });
    expect(verdicts(stage)).toMatchObject([{ signed: { verdict: { fingerprint: same } } }]);
  });
});

it('preparation with other taps than those of the draft is declined', () => {
  const bench = openBench();
  quoteJob(bench, 40, { taps: TAPS });
  expect(bench.job()?.state).toBe('quoted');
  for (const taps of [TAPS.slice(1), TAPS.toReversed(), []]) {
    const other = openBench();
    quoteJob(other, 40, { taps: TAPS, prepared: taps });
    expect(other.last(1, 'declined')).toMatchObject({ code: 'result-shape' });
    expect(other.job()?.state).toBe('checking');
  }
});
