import { beforeEach, expect, test } from 'vitest';
import { CHECK_POLICY_DEFAULT, shardsInFlight } from '#protocol/checks/check-policy.ts';
import { type Bench, deliver, joinWorker, openBench, PHONE, startJob } from '../fake-world.ts';

const UNITS = 4_000;
let bench: Bench;
beforeEach(() => {
  bench = openBench({ needsVerifier: true, checks: CHECK_POLICY_DEFAULT });
  startJob(bench, UNITS);
  joinWorker(bench, 2, { key: PHONE, unitMs: 40 });
});

const judge = (): void => {
  const through = bench.last(1, 'check')?.shard.sequence ?? -1;
  bench.say(1, { type: 'judged', through });
};
const ask = () => bench.say(2, { type: 'request' });
const idle = () => [...bench.hub().devices.values()][0]?.idle?.code;
const held = () => [...bench.hub().devices.values()][0]?.leases.size ?? 0;
const deliverOne = () => {
  deliver(bench, 2, PHONE);
  ask();
};

test('a new device waits for a verifier once two of its shards are out', () => {
  deliverOne();
  expect(held()).toBe(1);
  deliverOne();
  expect([held(), idle()]).toEqual([0, 'unjudged']);
  judge();
  expect(held()).toBe(1);
});

test('its first shards end where its first 75 units do', () => {
  let units = 0;
  for (let shard = 0; units < 75 && shard < 10; shard += 1) {
    const lease = bench.last(2, 'lease')?.lease;
    units += lease?.unitCount ?? 0;
    expect(units).toBeLessThanOrEqual(75);
    deliverOne();
    judge();
  }
  expect(units).toBe(75);
});

test('one that is trusted may have more out, and never more than twenty', () => {
  for (let shard = 0; shard < 30; shard += 1) {
    deliverOne();
    judge();
  }
  const behind = bench.job()?.accepted ?? 0;
  expect(behind).toBeGreaterThan(1_000);
  let delivered = 0;
  while (held() > 0 && delivered < 100) {
    deliverOne();
    delivered += 1;
  }
  expect(idle()).toBe('unjudged');
  const most = shardsInFlight(CHECK_POLICY_DEFAULT, (bench.job()?.accepted ?? 0) + 1);
  expect(delivered).toBe(most);
  expect(most).toBeGreaterThan(10);
});

test('a restart knows what waits, and a void shard waits no more', () => {
  deliverOne();
  deliverOne();
  bench.restart();
  expect([...bench.hub().inFlight.values()]).toEqual([{ shards: 2, units: 75 }]);
  bench.post({
    type: 'command',
    request: 4,
    command: { type: 'cancel', job: bench.job()?.id as never },
  });
  expect(bench.hub().inFlight.size).toBe(0);
});

test('a hub without verifiers lends on', () => {
  bench = openBench({ needsVerifier: false, checks: CHECK_POLICY_DEFAULT });
  startJob(bench, 400);
  joinWorker(bench, 2, { key: PHONE, unitMs: 40 });
  for (let shard = 0; shard < 20 && bench.job()?.state === 'running'; shard += 1) deliverOne();
  expect(bench.job()?.accepted).toBe(400);
});
