import { expect, test } from 'vitest';
import { why } from '#protocol/values/reason.ts';
import { commit, JOB, joinWorker, openBench, PHONE, reveal, startJob } from '../fake-world.ts';

/** A phone has committed its shard, and what the hub wrote of it is on disk or on its way. */
function openCommitted({ isSlow }: { isSlow: boolean }) {
  const bench = openBench();
  startJob(bench, 20);
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  const lease = bench.last(2, 'lease')?.lease;
  if (lease === undefined) throw new Error('nothing was lent');
  bench.holdDisk(isSlow);
  commit(bench, 2, { key: PHONE, id: lease.id, units: lease.unitCount });
  const leave = () => bench.say(2, { type: 'bye', reason: why('stopped', {}) });
  return { bench, lease, leave };
}

test('a device that stops before it reveals leaves no lease, whether its commitment was on disk or not', () => {
  for (const isSlow of [false, true]) {
    const { bench, leave } = openCommitted({ isSlow });
    leave();
    bench.holdDisk(false);
    bench.wait(1_000);
    expect(bench.hub().leases.size).toBe(0);
    expect(bench.hub().jobs.get(JOB)?.leasedUnits).toBe(0);
  }
});

test('a device that stops after it revealed has its work counted', () => {
  const { bench, lease, leave } = openCommitted({ isSlow: false });
  bench.holdDisk(true);
  reveal(bench, 2, { id: lease.id, units: lease.unitCount });
  leave();
  bench.wait(1_000);
  bench.holdDisk(false);
  expect(bench.job()?.accepted).toBe(lease.unitCount);
  expect(bench.hub().leases.size).toBe(0);
});

test('a device whose link is lost after it committed may come back and reveal', () => {
  const { bench, lease } = openCommitted({ isSlow: false });
  bench.post({ type: 'disconnected', socket: 2 });
  bench.wait(10_000);
  joinWorker(bench, 3, { key: PHONE, unitMs: 100 });
  reveal(bench, 3, { id: lease.id, units: lease.unitCount });
  expect(bench.job()?.accepted).toBe(lease.unitCount);
});
