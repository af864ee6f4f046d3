import { beforeEach, describe, expect, test } from 'vitest';
import { NO_REFERENCE } from '#protocol/records/records.ts';
import type { PublicKey } from '#protocol/values/ids.ts';
import type { RefusalCode } from '#protocol/values/refusal.ts';
import { instant, lamports } from '#protocol/values/units.ts';
import { applyVoid } from '../apply/shards.ts';
import {
  type Bench,
  beginJob,
  deliver,
  JOB,
  joinWorker,
  openBench,
  PHONE,
  quoteJob,
  SIGNED,
  speak,
  startJob,
  TABLET,
  VERIFIER,
  verdictOn,
} from '../fake-world.ts';

const WORDS = 'indices element out of data bounds, idx=999';
const LAPTOP = '5a'.repeat(32) as PublicKey;
const keyOf = new Map([
  [2, PHONE],
  [3, TABLET],
  [4, LAPTOP],
]);

let bench: Bench;
beforeEach(() => {
  bench = openBench();
});

const leaseOf = (socket: number) => {
  const lease = bench.last(socket, 'lease')?.lease;
  if (lease === undefined) throw new Error(`nothing was lent on socket ${socket}`);
  return lease;
};

/** The device on a socket could not compute one of some units; it asks for more. */
function fail(socket: number, unit: number, units = 1): void {
  const { id } = leaseOf(socket);
  const refusal = { code: 'model-run-failed' as RefusalCode, message: WORDS };
  bench.say(socket, { type: 'unit-failed', lease: id, unit, units, refusal });
  bench.say(socket, { type: 'request' });
}

const examine = (places: number[], socket = 1, unit = 0) => {
  const failed = places.length === 0 ? [] : [{ places, text: WORDS }];
  bench.say(socket, { type: 'examined', job: JOB, unit, failed });
};

/** Devices compute what they are lent; a poisoned unit fails on each of them. */
function work(poison: number | undefined, sockets = [2, 3]): void {
  for (let turn = 0; turn < 40; turn += 1) {
    for (const socket of sockets) {
      const lease = bench.last(socket, 'lease')?.lease;
      if (lease === undefined || !bench.hub().leases.has(lease.id)) continue;
      const { firstUnit, unitCount } = lease;
      const isBad = poison !== undefined && firstUnit <= poison && poison < firstUnit + unitCount;
      if (isBad) fail(socket, poison);
      else {
        deliver(bench, socket, keyOf.get(socket) ?? PHONE);
        bench.say(socket, { type: 'request' });
      }
    }
  }
}

/** A running job, and two devices that are set up for it. */
function startBoth(units: number, unitItems = 1): void {
  quoteJob(bench, units, { unitItems });
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  joinWorker(bench, 3, { key: TABLET, unitMs: 100 });
  beginJob(bench);
}

describe('a unit that failed', () => {
  test('is lent alone to another device before a verifier is asked', () => {
    startBoth(100);
    const { firstUnit, unitCount } = leaseOf(2);
    const poison = firstUnit + 1;
    expect(unitCount).toBeGreaterThan(2);
    fail(2, poison);
    expect(bench.last(1, 'examine')).toBeUndefined();
    expect(leaseOf(2)).toMatchObject({ firstUnit, unitCount: 1 });
    deliver(bench, 3, TABLET);
    bench.say(3, { type: 'request' });
    expect(leaseOf(3)).toMatchObject({ firstUnit: poison, unitCount: 1 });
    fail(3, poison);
    expect(bench.last(1, 'examine')).toMatchObject({ job: JOB, unit: poison, items: 1 });
    expect(bench.job()?.reason).toMatchObject({ code: 'items-examined', values: { unit: poison } });
  });

  test('goes to a verifier when it fails twice on the only device', () => {
    startJob(bench, 5);
    joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
    work(3, [2]);
    expect(bench.last(1, 'examine')).toMatchObject({ unit: 3 });
    expect(bench.job()).toMatchObject({ accepted: 4, state: 'running' });
  });

  test('without a good item ends the job done, with the failure counted and kept', () => {
    startBoth(5);
    work(3);
    examine([0], 1, 3);
    const done = { state: 'done', accepted: 4, failed: 1, released: 5 };
    expect(bench.job()).toMatchObject({ ...done, reason: { values: { failed: 1 } } });
    expect(bench.hub().devices.get(PHONE)?.unfit.size).toBe(0);
    bench.restart();
    expect(bench.job()).toMatchObject(done);
    expect(bench.hub().jobs.get(JOB)?.failed.get(3)?.failed).toEqual([
      { places: [0], text: WORDS },
    ]);
  });

  test('ends a job of bad items alone', () => {
    startBoth(1);
    work(0);
    examine([0]);
    expect(bench.job()).toMatchObject({ state: 'done', accepted: 0, failed: 1 });
  });

  test('that runs at the verifier makes its devices unfit, and is lent to others', () => {
    startBoth(5);
    work(3);
    examine([], 1, 3);
    expect(bench.hub().devices.get(PHONE)?.unfit.size).toBe(1);
    expect(bench.hub().devices.get(TABLET)?.unfit.size).toBe(1);
    joinWorker(bench, 4, { key: LAPTOP, unitMs: 100 });
    work(undefined, [4]);
    expect(bench.job()).toMatchObject({ state: 'done', accepted: 5, failed: 0 });
  });

  test('is no suspect once another device has computed it', () => {
    startBoth(5);
    const { firstUnit } = leaseOf(2);
    fail(2, firstUnit);
    deliver(bench, 3, TABLET);
    bench.say(3, { type: 'request' });
    work(undefined);
    expect(bench.job()).toMatchObject({ state: 'done', accepted: 5 });
    expect(bench.hub().jobs.get(JOB)?.suspects.size).toBe(0);
    expect(bench.hub().devices.get(PHONE)?.contradicted.size).toBe(1);
    expect(bench.hub().devices.get(PHONE)?.unfit.size).toBe(0);
  });

  test('among many is found by halves', () => {
    startJob(bench, 64);
    joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
    const poison = 21;
    for (let round = 0; round < 60 && bench.last(1, 'examine') === undefined; round += 1) {
      const { firstUnit, unitCount } = leaseOf(2);
      if (firstUnit <= poison && poison < firstUnit + unitCount) fail(2, firstUnit, unitCount);
      else {
        deliver(bench, 2, PHONE);
        bench.say(2, { type: 'request' });
      }
    }
    expect(bench.last(1, 'examine')).toMatchObject({ unit: poison });
    examine([0], 1, poison);
    work(undefined, [2]);
    expect(bench.job()).toMatchObject({ state: 'done', accepted: 63, failed: 1 });
  });

  test('silently goes to a verifier as well, and blames nobody', () => {
    startJob(bench, 1);
    joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
    for (let round = 0; round < 2; round += 1) {
      bench.wait(20_000);
      bench.say(2, { type: 'beat' });
      bench.say(2, { type: 'request' });
    }
    expect(bench.last(1, 'examine')).toMatchObject({ unit: 0 });
    examine([]);
    expect(bench.hub().devices.get(PHONE)?.unfit.size).toBe(0);
    expect(leaseOf(2)).toMatchObject({ firstUnit: 0 });
  });

  test('outside of its lease is declined, and another device cannot speak of it', () => {
    startBoth(100);
    const { id, firstUnit, unitCount } = leaseOf(2);
    fail(2, firstUnit + unitCount);
    expect(bench.last(2, 'declined')).toMatchObject({ code: 'range-invalid' });
    const refusal = { code: 'model-run-failed' as const, message: WORDS };
    bench.say(3, { type: 'unit-failed', lease: id, unit: firstUnit, units: 1, refusal });
    expect(bench.hub().leases.has(id)).toBe(true);
    expect(bench.hub().jobs.get(JOB)?.suspects.size).toBe(0);
  });
});

describe('a unit of several items', () => {
  const startPairs = () => {
    startBoth(3, 2);
    for (const socket of [2, 3, 2, 3]) {
      const lease = bench.last(socket, 'lease')?.lease;
      if (lease !== undefined && bench.hub().leases.has(lease.id)) fail(socket, lease.firstUnit);
    }
  };

  test('is lent as it was mended, and verifiers are told where its inputs are', () => {
    startPairs();
    const unit = bench.last(1, 'examine')?.unit ?? -1;
    const before = bench.last(1, 'examine')?.inputs;
    expect(before?.firstUnit).toBeUndefined();
    examine([1], 1, unit);
    const kept = bench.hub().jobs.get(JOB)?.failed.get(unit);
    expect(kept).toMatchObject({ failed: [{ places: [1] }], mended: { blob: { length: 4 } } });
    expect(bench.job()).toMatchObject({ failed: 1 });
    const lent = [2, 3].map(leaseOf).find(({ firstUnit }) => firstUnit === unit);
    expect(lent).toMatchObject({
      unitCount: 1,
      inputs: { root: kept?.mended?.blob.root, offset: 0 },
    });
    bench.restart();
    expect(bench.hub().jobs.get(JOB)?.failed.get(unit)).toEqual(kept);
  });

  test('that fails again as it was mended loses more items, and then all of them', () => {
    startPairs();
    const first = bench.last(1, 'examine');
    const unit = first?.unit ?? -1;
    examine([1], 1, unit);
    for (let round = 0; round < 20 && bench.job()?.failed === 1; round += 1) {
      for (const socket of [2, 3]) {
        const lease = bench.last(socket, 'lease')?.lease;
        if (lease !== undefined && bench.hub().leases.has(lease.id)) fail(socket, lease.firstUnit);
      }
      const asked = bench.last(1, 'examine');
      if (asked === first || asked?.unit !== unit) continue;
      expect(asked.inputs).toMatchObject({ firstUnit: unit });
      examine([1], 1, unit);
    }
    const kept = bench.hub().jobs.get(JOB)?.failed.get(unit);
    expect(kept?.mended).toBeUndefined();
    expect(bench.job()).toMatchObject({ failed: 2 });
  });

  test('is not examined beyond its items', () => {
    startPairs();
    const unit = bench.last(1, 'examine')?.unit ?? -1;
    examine([2], 1, unit);
    expect(bench.last(1, 'declined')).toMatchObject({ code: 'range-invalid' });
    expect(bench.job()).toMatchObject({ failed: 0 });
  });
});

describe('where several verifiers are enrolled', () => {
  const [SECOND, THIRD] = ['b2'.repeat(32) as PublicKey, 'b3'.repeat(32) as PublicKey];
  beforeEach(() => {
    bench = openBench({ verifiers: [VERIFIER, SECOND, THIRD] });
    startBoth(1);
    bench.join(5, SECOND, 'verifier');
    bench.join(6, THIRD, 'verifier');
    work(0);
  });

  test('one alone fails no item', () => {
    examine([0]);
    expect(bench.job()).toMatchObject({ state: 'running', failed: 0 });
    examine([], 5);
    examine([], 6);
    expect(bench.job()).toMatchObject({ state: 'running', failed: 0 });
    expect(bench.hub().devices.get(PHONE)?.unfit.size).toBe(1);
  });

  test('two that agree do', () => {
    examine([0]);
    examine([0], 5);
    expect(bench.job()).toMatchObject({ state: 'done', failed: 1 });
  });

  test('one that is silent is waited for no longer than its time', () => {
    examine([0]);
    bench.hub().enrolled.add('b4'.repeat(32) as PublicKey);
    examine([0], 5);
    expect(bench.job()).toMatchObject({ state: 'running' });
    for (let waited = 0; waited < 190_000; waited += 10_000) {
      bench.wait(10_000);
      for (const socket of [1, 2, 3, 5, 6]) bench.say(socket, { type: 'beat' });
    }
    expect(bench.job()).toMatchObject({ state: 'done', failed: 1 });
  });

  test('a verifier that was not asked is declined', () => {
    examine([0], 1, 7);
    expect(bench.last(1, 'declined')).toMatchObject({ code: 'message-out-of-order' });
  });
});

test('verifiers that never agree cannot keep a job from its end', () => {
  const second = 'b2'.repeat(32) as PublicKey;
  bench = openBench({ verifiers: [VERIFIER, second] });
  startBoth(1);
  bench.join(5, second, 'verifier');
  for (let round = 0; round < 3; round += 1) {
    expect(bench.job()).toMatchObject({ state: 'running', failed: 0 });
    work(0);
    examine([0]);
    examine([], 5);
  }
  expect(bench.job()).toMatchObject({ state: 'done', failed: 1 });
});

test('a unit that is examined while the hub restarts is lent again, and fails again', () => {
  startBoth(1);
  work(0);
  bench.restart();
  bench.join(1, VERIFIER, 'verifier');
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  expect(bench.last(1, 'examine')).toBeUndefined();
  work(0, [2]);
  examine([0]);
  expect(bench.job()).toMatchObject({ state: 'done', failed: 1 });
});

test('a job with failed items is archived and shown as it was', () => {
  quoteJob(bench, 3, { unitPrice: lamports(0n), autoStart: true });
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  work(1, [2]);
  examine([0], 1, 1);
  const view = bench.job();
  expect(view).toMatchObject({ state: 'done', accepted: 2, failed: 1, released: 3 });
  for (let waited = 0; waited < 700_000; waited += 10_000) bench.wait(10_000);
  expect(bench.hub().jobs.has(JOB)).toBe(false);
  expect(bench.job()).toEqual({ ...view, quote: bench.job()?.quote });
});

describe('an accepted unit that a verifier could not execute', () => {
  const finish = () => {
    bench = openBench({ needsVerifier: true });
    quoteJob(bench, 2, { unitPrice: lamports(0n), autoStart: true });
    joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
    work(undefined, [2]);
    const { verdict } = verdictOn(bench, 'inconclusive');
    speak(bench, 1, { verdict: { ...verdict, reference: NO_REFERENCE }, signature: SIGNED });
    bench.say(1, { type: 'judged', through: bench.last(1, 'check')?.shard.sequence ?? 0 });
    bench.wait(1_000);
    return verdict.unit;
  };

  test('is examined before its job ends, and its failed items have no results', () => {
    const unit = finish();
    expect(bench.last(1, 'examine')).toMatchObject({ unit });
    expect(bench.job()).toMatchObject({ state: 'finishing', accepted: 2, failed: 0 });
    examine([0], 1, unit);
    bench.wait(1_000);
    expect(bench.job()).toMatchObject({ state: 'done', accepted: 2, failed: 1, released: 2 });
    bench.restart();
    expect(bench.job()).toMatchObject({ state: 'done', failed: 1 });
    expect(bench.hub().jobs.get(JOB)?.failed.get(unit)).toMatchObject({ stands: true });
  });

  test('stands where it runs after all', () => {
    examine([], 1, finish());
    bench.wait(1_000);
    expect(bench.job()).toMatchObject({ state: 'done', accepted: 2, failed: 0 });
  });

  test('is found anew where its shard is void', () => {
    const unit = finish();
    examine([0], 1, unit);
    const hub = bench.hub();
    const job = hub.jobs.get(JOB);
    const [kept] = [...(job?.shards.values() ?? [])].filter(
      ({ firstUnit, unitCount }) => unit >= firstUnit && unit < firstUnit + unitCount,
    );
    if (job === undefined || kept === undefined) throw new Error('the unit is not accepted');
    applyVoid(hub, { type: 'voided', job: JOB, sequence: kept.sequence, at: instant(0) });
    expect([job.failed.size, job.failedItems]).toEqual([0, 0]);
  });
});
