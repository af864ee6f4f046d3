import { describe, expect, it } from 'vitest';
import { standingName } from '#protocol/check-policy.ts';
import { DRIFT_ALARM } from '#protocol/drift.ts';
import type { PublicKey } from '#protocol/ids.ts';
import { noteDrift } from './drift.ts';
import { connect, fakeShard, openFakeWorld, sendCheck, sentVerdicts } from './fake-world.ts';

/** Off by so much of the threshold of 1e-4: unit n is truly [n, n + 1]. */
const ride = (unit: number, share: number): number =>
  unit + (share * 1e-4 * Math.hypot(unit, unit + 1)) / Math.SQRT2;
const claims = (sequence: number, share: number, count: number): number[] =>
  Array.from({ length: count }, (_, place) => ride(sequence * 10 + place, share));

function openRide(share: number, shards: number, count: number) {
  const world = openFakeWorld({ claimed: (unit) => ride(unit, share) });
  connect(world);
  for (let sequence = 0; sequence < shards; sequence += 1) {
    sendCheck(world, fakeShard(sequence, claims(sequence, share, count), 'webgpu'));
  }
  return world;
}

describe('a device that rides the tolerance', () => {
  it('is unfit after the second unit at 0.9 of it, with the sum in the signed verdict', () => {
    const verdicts = sentVerdicts(openRide(0.9, 1, 2));
    expect(verdicts).toMatchObject([
      { kind: 'match', drift: { rule: 'pocketgrid/drift@1' } },
      { kind: 'device-unfit', reason: 'drift', runs: 1, lane: 'tolerance' },
    ]);
    expect(verdicts[1]?.l2).toBeLessThan(1e-4);
    expect(verdicts[1]?.drift?.sum).toBeGreaterThanOrEqual(DRIFT_ALARM);
  });

  it('begins anew after the alarm', () => {
    const kinds = sentVerdicts(openRide(0.9, 1, 6)).map(({ kind }) => kind);
    expect(kinds).toEqual([
      'match',
      'device-unfit',
      'match',
      'device-unfit',
      'match',
      'device-unfit',
    ]);
  });

  it('stays at zero with noise of a quarter of the tolerance', () => {
    const verdicts = sentVerdicts(openRide(0.25, 20, 10));
    expect(verdicts).toHaveLength(200);
    expect(verdicts.every(({ kind, drift }) => kind === 'match' && drift?.sum === 0)).toBe(true);
  });

  it('is counted by package and device, whatever it calls itself on the exact lane', () => {
    const world = openRide(0.9, 1, 1);
    const other = { ...fakeShard(1, claims(1, 0.9, 1), 'webgpu'), device: 'de'.repeat(32) };
    sendCheck(world, { ...other, device: other.device as PublicKey });
    expect(sentVerdicts(world).map(({ kind }) => kind)).toEqual(['match', 'match']);
  });

  it('is not forgotten in a restart: the sums follow from the log', () => {
    const before = openRide(0.9, 1, 1);
    const after = openFakeWorld({ claimed: (unit) => ride(unit, 0.9), saved: before.disk });
    connect(after);
    sendCheck(after, fakeShard(1, claims(1, 0.9, 1), 'webgpu'));
    const found = sentVerdicts(after).find(({ unit }) => unit === 10);
    expect(found).toMatchObject({ kind: 'device-unfit', reason: 'drift' });
    const drifts = new Map<string, number>();
    for (const line of [...before.lines, ...after.lines]) {
      if (line.type === 'verdict') noteDrift(drifts, line.signed.verdict);
    }
    expect(drifts).toEqual(after.state.book?.drifts);
  });
});

describe('sums', () => {
  it('are kept for so many devices, the oldest forgotten first', () => {
    const drifts = new Map<string, number>();
    const [verdict] = sentVerdicts(openRide(0.9, 1, 1));
    if (verdict?.drift === undefined) throw new Error('no verdict came');
    const deviceOf = (number: number) => number.toString(16).padStart(64, '0') as PublicKey;
    for (let device = 0; device < 65_540; device += 1) {
      noteDrift(drifts, { ...verdict, device: deviceOf(device) });
    }
    expect(drifts.size).toBe(65_536);
    expect(drifts.has(standingName(deviceOf(3), verdict.drift.package))).toBe(false);
    noteDrift(drifts, { ...verdict, device: deviceOf(4), drift: { ...verdict.drift, sum: 0 } });
    expect(drifts.size).toBe(65_535);
  });
});
