import { expect, it } from 'vitest';
import { instant } from '#protocol/values/units.ts';
import { codesOf, faultsOf, honest, isVerdict, withShard } from './sample-changes.ts';
import {
  headOf,
  otherDigest,
  STRANGER,
  sampleEvidence,
  seedOf,
  UNIT_COST,
  VERIFIER,
} from './sample-evidence.ts';

it('the audit finds a hub that lends trust to a device, and the units it spared with it', () => {
  const evidence = sampleEvidence(2, {
    workBefore: (sequence, truth) => (sequence === 5 ? truth + 1_000 * UNIT_COST : truth),
  });
  const codes = codesOf(evidence);
  expect(codes).toContain('standing');
  expect(codes).toContain('skipped');
});

it('the audit finds no fault in a hub that forgets trust, since more is checked', () => {
  expect(faultsOf(sampleEvidence(2, { workBefore: () => 0 }))).toEqual([]);
});

it('the audit finds a hub that says units cost less than the package had them cost', () => {
  const evidence = sampleEvidence(2, {
    unitCost: (sequence) => (sequence === 5 ? UNIT_COST / 10 : UNIT_COST),
  });
  const faults = faultsOf(evidence).filter(({ code }) => code === 'standing');
  expect(faults[0]?.message).toContain(`costs ${UNIT_COST / 10} µs; the log began with`);
});

it('the audit finds a hub that lets a device keep its trust after a confirmed failure', () => {
  const failed = honest.lines.filter(isVerdict).find(({ sequence }) => sequence === 0);
  if (failed === undefined) throw new Error('no verdict');
  const verdict = {
    ...failed.signed.verdict,
    kind: 'mismatch' as const,
    runs: 2,
    reference: otherDigest(),
    at: instant(700),
  };
  const signed = { verdict, signature: VERIFIER.sign('verdict', verdict) };
  const verdicts = [...honest.verdicts.filter((one) => one !== failed.signed), signed];
  const faults = faultsOf({ ...honest, verdicts });
  expect(faults.map(({ code }) => code)).toContain('standing');
  expect(faults[0]?.message).toContain(`shard 4 says that ${20 * UNIT_COST} µs of work lie behind`);
  const voided = {
    ...honest,
    verdicts,
    shards: honest.shards.map((one) => ({ ...one, voided: true })),
  };
  expect(codesOf(voided)).not.toContain('standing');
});

it('the audit finds a hub that changes what was logged, or what was shown before', () => {
  const [first, second, ...rest] = honest.entries;
  if (first === undefined || second === undefined) throw new Error('no entry');
  const moved = { ...first, entry: { ...first.entry, at: instant(5) } };
  expect(codesOf({ ...honest, entries: [moved, second, ...rest] })).toEqual(['log']);
  const swapped = [second, first, ...rest];
  expect(codesOf({ ...honest, entries: swapped })).toEqual(['log']);
  expect(codesOf({ ...honest, entries: swapped, head: headOf(swapped) })).toEqual(['log']);
  const shorter = [first, ...rest];
  expect(codesOf({ ...honest, entries: shorter, head: headOf(shorter) })).toContain('log');
  const forged = { ...honest.head, signature: STRANGER.sign('tree-head', honest.head.head) };
  expect(codesOf({ ...honest, head: forged })).toEqual(['log']);
});

it('the audit finds a hub that puts a commitment in the log that no device signed, or another one', () => {
  const entries = honest.entries.map((logged, at) =>
    at === 5 ? { ...logged, signature: STRANGER.sign('commitment', logged.commitment) } : logged,
  );
  expect(codesOf({ ...honest, entries })).toEqual(['commitment']);
  const shard = withShard(5, (logged) => ({ ...logged, salt: seedOf(9) }));
  expect(codesOf(shard)).toEqual(['commitment']);
  const other = withShard(5, ({ shard: old, ...logged }) => ({
    ...logged,
    shard: { ...old, index: 0 },
  }));
  expect(codesOf(other)).toEqual(['commitment']);
});

it('the audit finds a hub that shows no shard for a verdict', () => {
  const shards = honest.shards.filter(({ shard }) => shard.sequence !== 6);
  expect(codesOf({ ...honest, shards })).toContain('verdict');
});
