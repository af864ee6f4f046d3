import { beforeEach, expect, test } from 'vitest';
import { DIGEST_BYTES } from '#protocol/bytes/digest.ts';
import type { JobId, PublicKey, Root } from '#protocol/values/ids.ts';
import { bytes, lamports } from '#protocol/values/units.ts';
import {
  type Bench,
  beginJob,
  commit,
  JOB,
  openBench,
  postJob,
  prepareJob,
  quoteJob,
  reveal,
  UNIT_BYTES,
} from '../fake-world.ts';

const FREE = lamports(0n);
const BATCH = `job_${'2'.repeat(16)}` as JobId;
const keyOf = (number: number) => `${number}`.repeat(64) as PublicKey;

let bench: Bench;
/** An open job that runs, of so many units at first. */
function begin(units = 1): void {
  bench = openBench();
  quoteJob(bench, units, { unitPrice: FREE, open: { idleMinutes: 60 }, unitMs: 20 });
  beginJob(bench);
}
beforeEach(() => begin());

/** A job of another model, whose units are never all lent. */
function beginBatch(): void {
  postJob(bench, 100_000, { id: BATCH, unitPrice: FREE, file: 'e' });
  prepareJob(bench, { id: BATCH, unitMs: 20 });
  bench.post({ type: 'command', request: 9, command: { type: 'start', job: BATCH } });
}

function add(units = 1): void {
  const inputs = { root: 'a'.repeat(64) as Root, length: bytes(units * UNIT_BYTES) };
  const digests = new Uint8Array(units * DIGEST_BYTES);
  const command = { type: 'add-inputs', job: JOB, inputs, units, digests } as const;
  bench.post({ type: 'command', request: 50, command });
}

/** Devices of these speeds, set up for what the hub offers them. */
function join(...unitMs: number[]): void {
  for (const [at, ms] of unitMs.entries()) {
    const socket = 10 + at;
    bench.join(socket, keyOf(at + 1), 'contributor');
    bench.say(socket, { type: 'request' });
    while (offered(socket) > admitted(socket)) bench.admit(socket, ms);
  }
}
const count = (socket: number, type: string) =>
  (bench.sent.get(socket) ?? []).filter((each) => each.type === type).length;
const offered = (socket: number) => count(socket, 'admit');
const admitted = (socket: number) => bench.hub().devices.get(keyOf(socket - 9))?.admitted.size ?? 0;

const leaseOf = (socket: number) => bench.last(socket, 'lease')?.lease;
/** A device computes the newest lease it has, and asks for the next. */
function deliver(socket: number, ms = 20): void {
  const lease = leaseOf(socket);
  if (lease === undefined) throw new Error('no lease');
  bench.wait(ms);
  commit(bench, socket, { key: keyOf(socket - 9), id: lease.id, units: lease.unitCount });
  reveal(bench, socket, { id: lease.id, units: lease.unitCount, unitMs: ms });
  bench.say(socket, { type: 'request' });
}

test('two devices are set up for an open job of which nothing is open', () => {
  join(20, 20, 20);
  deliver(10);
  bench.wait(500);
  const able = [...bench.hub().devices.values()].filter(({ admitted: all }) => all.size > 0);
  expect(able).toHaveLength(2);
});

test('what somebody waits for goes before a job that was there before', () => {
  join(20, 20);
  deliver(10);
  beginBatch();
  bench.say(11, { type: 'request' });
  add(1);
  deliver(10);
  expect(leaseOf(10)?.job === JOB || leaseOf(11)?.job === JOB).toBe(true);
});

test('a fast device that is asked often gets nothing else, and says for what it is kept', () => {
  begin(4);
  join(20, 21, 22, 23);
  for (const socket of [10, 11, 12, 13]) if (leaseOf(socket) !== undefined) deliver(socket);
  for (let asked = 0; asked < 4; asked += 1) {
    add(1);
    const socket = [10, 11].find((each) => {
      const lease = leaseOf(each);
      return lease !== undefined && bench.hub().leases.has(lease.id);
    });
    if (socket !== undefined) deliver(socket);
  }
  bench.wait(500);
  beginBatch();
  const kept = [...bench.hub().ready.keys()];
  expect(kept.length).toBeGreaterThan(0);
  expect(kept.length).toBeLessThanOrEqual(2);
  for (const key of kept) {
    const device = bench.hub().devices.get(key);
    const jobs = [...(device?.leases ?? [])].map((id) => bench.hub().leases.get(id)?.lease.job);
    expect(jobs).not.toContain(BATCH);
    if (jobs.length === 0) expect(device?.idle?.code).toBe('kept-ready');
  }
  // When nobody asks any more, they work on the rest.
  for (let passed = 0; passed < 90_000; passed += 10_000) {
    for (const socket of [1, 10, 11, 12, 13]) bench.say(socket, { type: 'beat' });
    bench.wait(10_000);
  }
  expect(bench.hub().ready.size).toBe(0);
});

test('a lease that takes longer than others of its job gets a twin, and the first result counts', () => {
  join(20, 20);
  for (let asked = 0; asked < 12; asked += 1) {
    const socket =
      leaseOf(11) && bench.hub().leases.has(leaseOf(11)?.id ?? ('' as never)) ? 11 : 10;
    deliver(socket);
    add(1);
  }
  const [slow] = [10, 11].filter((each) =>
    bench.hub().leases.has(leaseOf(each)?.id ?? ('' as never)),
  );
  if (slow === undefined) throw new Error('nothing is lent');
  const other = slow === 10 ? 11 : 10;
  const unit = leaseOf(slow)?.firstUnit;
  expect(leaseOf(other)?.firstUnit).not.toBe(unit);
  bench.wait(60);
  bench.post({ type: 'look-late', job: JOB });
  expect(leaseOf(other)?.firstUnit).toBe(unit);
  deliver(other);
  expect(bench.last(slow, 'revoked')?.code).toBe('unit-already-accepted');
});

test('shards of other jobs are short on a device that may be asked for an open one', () => {
  join(20);
  deliver(10);
  beginBatch();
  bench.admit(10, 20);
  expect(leaseOf(10)).toMatchObject({ job: BATCH, unitCount: 200 });
  add(1);
  bench.say(10, { type: 'request' });
  expect(leaseOf(10)?.job).toBe(JOB);
  deliver(10);
  expect(leaseOf(10)).toMatchObject({ job: BATCH, unitCount: 20 });
});

test('a new device has many small shards of an open job out, and no more units than one other shard', () => {
  const checks = { type: 'trust', trustUnits: 75, floorPpm: 20_000 } as const;
  bench = openBench({ needsVerifier: true, checks });
  quoteJob(bench, 1, { unitPrice: FREE, open: { idleMinutes: 60 }, unitMs: 20 });
  beginJob(bench);
  join(20);
  deliver(10);
  let answered = 0;
  for (; answered < 60; answered += 1) {
    add(1);
    const lease = leaseOf(10);
    if (lease === undefined || !bench.hub().leases.has(lease.id)) break;
    deliver(10);
  }
  // The first unit, which the job was posted with, is out as well.
  expect(answered).toBe(31);
  expect(bench.hub().devices.get(keyOf(1))?.idle?.code).toBe('unjudged');
});

test('results of an open job are ready up to the first unit that has none', () => {
  begin(2);
  const ready = () => bench.job()?.readyItems;
  expect(ready()).toBe(0);
  join(20);
  const units = leaseOf(10)?.unitCount ?? 0;
  expect([units > 0, ready()]).toEqual([true, 0]);
  deliver(10);
  expect(ready()).toBe(units);
  if (units < 2) deliver(10);
  add(1);
  expect([bench.job()?.items, ready()]).toEqual([3, 2]);
});
