import { describe, expect, test } from 'vitest';
import type { PublicKey } from '#protocol/ids.ts';
import type { NetworkLabel } from './events.ts';
import {
  type Bench,
  commit,
  deliver,
  JOB,
  joinWorker,
  openBench,
  reveal,
  startJob,
} from './fake-world.ts';

const UNITS = 4_000;
const keyOf = (number: number) => number.toString(16).padStart(64, '0') as PublicKey;
const network = (number: number): NetworkLabel => `network/${number}`;
const socketOf = (number: number) => 10 + number;

/** A job and devices that hold a shard each. */
function gather(
  devices: number,
  networkOf?: (device: number) => number,
  bench = openBench(),
): Bench {
  startJob(bench, UNITS);
  for (let at = 0; at < devices; at += 1) join(bench, at, networkOf?.(at));
  bench.wait(500);
  return bench;
}

function join(bench: Bench, at: number, from?: number): void {
  if (from !== undefined) bench.networks.set(socketOf(at), network(from));
  joinWorker(bench, socketOf(at), { key: keyOf(at), unitMs: 40 });
}

/** Delivers for one device as long as it is given more; how many units it has then. */
function work(bench: Bench, at: number): number {
  const device = bench.hub().devices.get(keyOf(at));
  for (let shard = 0; shard < 100; shard += 1) {
    const [id] = device?.leases ?? [];
    const units = id === undefined ? 0 : (bench.hub().leases.get(id)?.lease.unitCount ?? 0);
    if (id === undefined) break;
    commit(bench, socketOf(at), { key: keyOf(at), id, units });
    reveal(bench, socketOf(at), { id, units });
    bench.say(socketOf(at), { type: 'request' });
  }
  return shareOf(bench, keyOf(at));
}

const shareOf = (bench: Bench, holder: PublicKey | NetworkLabel) =>
  bench.hub().jobs.get(JOB)?.shares.get(holder) ?? 0;
const idleOf = (bench: Bench, at: number) => bench.last(socketOf(at), 'idle');

describe('the share of one device', () => {
  test('is a twentieth of a job where forty are at work', () => {
    const bench = gather(40);
    expect(work(bench, 0)).toBe(UNITS / 20);
    expect(idleOf(bench, 0)).toMatchObject({ code: 'at-capacity' });
    expect(idleOf(bench, 0)?.message).toContain('has its share');
    expect(work(bench, 1)).toBe(UNITS / 20);
  });

  test('has no bound where fewer are, nor where the operator lifts it', () => {
    expect(work(gather(39), 0)).toBeGreaterThan(UNITS / 5);
    const lifted = openBench({ capShares: false });
    expect(work(gather(40, undefined, lifted), 0)).toBeGreaterThan(UNITS / 5);
  });

  test('counts devices that are there as soon as they ask for work', () => {
    const bench = gather(39);
    bench.join(99, keyOf(99), 'contributor');
    bench.wait(500);
    expect(work(bench, 0)).toBeGreaterThan(UNITS / 5);
    bench.say(99, { type: 'request' });
    bench.wait(500);
    expect(work(bench, 1)).toBe(UNITS / 20);
  });

  test('is free again when others leave', () => {
    const bench = gather(40);
    work(bench, 0);
    bench.post({ type: 'disconnected', socket: socketOf(5) });
    bench.wait(500);
    expect(bench.hub().devices.get(keyOf(0))?.leases.size).toBe(1);
  });

  test('is the same after a restart, and what lapses is given back', () => {
    const bench = gather(40);
    const device = bench.hub().devices.get(keyOf(0));
    const [id] = device?.leases ?? [];
    deliver(bench, socketOf(0), keyOf(0));
    const units = shareOf(bench, keyOf(0));
    expect(id).toBeDefined();
    expect(units).toBeGreaterThan(0);
    bench.say(socketOf(0), { type: 'request' });
    expect(shareOf(bench, keyOf(0))).toBeGreaterThan(units);
    bench.restart();
    expect(shareOf(bench, keyOf(0))).toBe(units);
    expect([...(bench.hub().jobs.get(JOB)?.shares.keys() ?? [])]).toEqual([keyOf(0)]);
  });

  test('is forgotten with the job', () => {
    const bench = gather(3, (at) => at);
    bench.post({ type: 'disconnected', socket: socketOf(0) });
    expect(bench.hub().networks.size).toBe(3);
    bench.post({ type: 'command', request: 3, command: { type: 'cancel', job: JOB } });
    expect(bench.hub().jobs.get(JOB)?.shares.size).toBe(0);
    expect([...bench.hub().networks.keys()]).toEqual([keyOf(1), keyOf(2)]);
  });
});

describe('the share of one network', () => {
  test('is a tenth where twenty are at work, whoever is in it', () => {
    // One device is in each of nineteen networks, ten are in the twentieth.
    const bench = gather(29, (at) => Math.min(at, 19));
    for (let at = 19; at < 29; at += 1) work(bench, at);
    expect(shareOf(bench, network(19))).toBe(UNITS / 10);
    expect(idleOf(bench, 28)?.code).toBe('at-capacity');
    expect(work(bench, 0)).toBe(UNITS / 10);
  });

  test('has no bound where nineteen are', () => {
    const bench = gather(28, (at) => Math.min(at, 18));
    for (let at = 18; at < 28; at += 1) work(bench, at);
    expect(shareOf(bench, network(18))).toBeGreaterThan(UNITS / 5);
  });

  test('goes with a device to another network, and stays where a device has gone', () => {
    const bench = gather(3, (at) => at);
    const units = shareOf(bench, keyOf(1));
    expect(shareOf(bench, network(1))).toBe(units);
    bench.post({ type: 'disconnected', socket: socketOf(1) });
    expect(shareOf(bench, network(1))).toBe(units);
    bench.networks.set(77, network(2));
    bench.join(77, keyOf(1), 'contributor');
    expect([shareOf(bench, network(1)), shareOf(bench, network(2))]).toEqual([
      0,
      units + shareOf(bench, keyOf(2)),
    ]);
  });
});
