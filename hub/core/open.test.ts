import { expect, test } from 'vitest';
import { beginJob, deliver, JOB, joinWorker, openBench, PHONE, quoteJob } from './fake-world.ts';
import type { Hub } from './hub.ts';
import { reopenHub } from './hub-bench.ts';
import { takeSnapshot } from './open.ts';

const copy = structuredClone;

/** A job of which the phone delivered a shard and holds another. */
function openBusy() {
  const bench = openBench();
  quoteJob(bench, 500);
  beginJob(bench);
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  deliver(bench, 2, PHONE);
  bench.say(2, { type: 'request' });
  return bench;
}

/** What the hub would be after `kill -9` now: from all facts, and from a snapshot taken now. */
function reopenBoth(bench: ReturnType<typeof openBench>): { replayed: Hub; resumed: Hub } {
  const { config } = bench.hub();
  const disk = { facts: bench.facts, copy };
  const snapshot = takeSnapshot(bench.hub());
  return { replayed: reopenHub(disk, config), resumed: reopenHub({ ...disk, snapshot }, config) };
}

const jobOf = (hub: Hub) => {
  const job = hub.jobs.get(JOB);
  if (job === undefined) throw new Error('the job of the bench is not here');
  return job;
};

test('a snapshot has the units open that are lent', () => {
  const bench = openBusy();
  const { open, leasedUnits } = jobOf(bench.hub());
  expect(leasedUnits).toBeGreaterThan(0);
  const { replayed, resumed } = reopenBoth(bench);
  expect(jobOf(resumed).open).toEqual(jobOf(replayed).open);
  expect(jobOf(resumed).open.count).toBe(open.count + leasedUnits);
  expect(jobOf(resumed).leases.size).toBe(0);
});

test('a hub of a snapshot is the hub of all facts', () => {
  const { replayed, resumed } = reopenBoth(openBusy());
  expect(resumed).toEqual(replayed);
});

test('a snapshot leaves numbers free that no fact on disk has', () => {
  const bench = openBusy();
  bench.holdDisk(true);
  deliver(bench, 2, PHONE);
  const { replayed, resumed } = reopenBoth(bench);
  expect(bench.hub().nextIndex).toBeGreaterThan(replayed.nextIndex);
  expect([resumed.nextIndex, resumed.nextSequence]).toEqual([
    replayed.nextIndex,
    replayed.nextSequence,
  ]);
});

test('a snapshot is apart from the hub that goes on', () => {
  const bench = openBusy();
  const before = copy(takeSnapshot(bench.hub()));
  expect(copy(before)).toEqual(takeSnapshot(bench.hub()));
  deliver(bench, 2, PHONE);
  expect(before).not.toEqual(takeSnapshot(bench.hub()));
});
