import { beforeEach, expect, test } from 'vitest';
import type { Capabilities } from '#protocol/messages/control.ts';
import type { JobId, PublicKey } from '#protocol/values/ids.ts';
import { bytes, instant, lamports, millis } from '#protocol/values/units.ts';
import {
  type Bench,
  commit,
  JOB,
  openBench,
  postJob,
  prepareJob,
  quoteJob,
  reveal,
} from '../fake-world.ts';
import { countFleet } from '../trust/fleet.ts';

const OTHER = `job_${'2'.repeat(16)}` as JobId;
const PLAIN = { unitPrice: lamports(0n), autoStart: true } as const;
const UNITS = 60_000;
/** Milliseconds of a unit of the first job and of the other one, by what GPU devices have. */
type Speeds = Record<string, readonly [number, number]>;
let bench: Bench;
let units: Map<string, number>;
beforeEach(() => {
  bench = openBench();
  units = new Map();
  quoteJob(bench, UNITS, PLAIN);
  postJob(bench, UNITS, { id: OTHER, file: 'e', ...PLAIN });
  prepareJob(bench, { id: OTHER });
});

const keyOf = (socket: number) => socket.toString(16).padStart(64, '0') as PublicKey;
const deviceOn = (socket: number) => bench.hub().devices.get(keyOf(socket));
const count = (socket: number, type: string) =>
  (bench.sent.get(socket) ?? []).filter((each) => each.type === type).length;
const sumOf = (name: string) => units.get(name) ?? 0;

function join(socket: number, adapter: string): void {
  const offered = { providers: ['wasm' as const], features: [], threads: 1 };
  const capabilities: Capabilities = {
    ...{ ...offered, memoryBytes: bytes(2 ** 30), engine: 'test', adapter },
  };
  bench.join(socket, keyOf(socket), capabilities);
}

/** Each device that is to be tried is, or computes the newest lease it has; all ask for more. */
function work(sockets: readonly number[], speeds: Speeds, times: number): void {
  for (let time = 0; time < times; time += 1) {
    for (const socket of sockets) step(socket, speeds);
    bench.wait(1_000);
  }
}

function step(socket: number, speeds: Speeds): void {
  const { adapter = '' } = deviceOn(socket)?.capabilities ?? {};
  const unitMsOf = (isFirst: boolean) => speeds[adapter]?.[isFirst ? 0 : 1] ?? 100;
  if (deviceOn(socket)?.admitting !== undefined) {
    const root = bench.last(socket, 'admit')?.manifest.variants[0]?.file.root;
    bench.admit(socket, unitMsOf(root?.startsWith('f') === true));
  }
  const lease = bench.last(socket, 'lease')?.lease;
  if (lease !== undefined && bench.hub().leases.has(lease.id)) {
    const done = { id: lease.id, units: lease.unitCount };
    commit(bench, socket, { key: keyOf(socket), ...done });
    reveal(bench, socket, { ...done, unitMs: unitMsOf(lease.job === JOB) });
    const name = `${adapter} ${lease.job === JOB ? 'first' : 'other'}`;
    units.set(name, sumOf(name) + lease.unitCount);
  }
  bench.say(socket, { type: 'request' });
}

test('each device has the job that it is good at', () => {
  join(2, 'a');
  join(3, 'b');
  work([2, 3], { a: [100, 400], b: [400, 100] }, 150);
  expect(sumOf('a first') / (sumOf('a first') + sumOf('a other'))).toBeGreaterThan(0.9);
  expect(sumOf('b other') / (sumOf('b first') + sumOf('b other'))).toBeGreaterThan(0.9);
});

test('a job that all devices do badly has its share from those that are least bad at it', () => {
  join(2, 'a');
  join(3, 'b');
  work([2, 3], { a: [50, 800], b: [100, 200] }, 200);
  expect(sumOf('b other')).toBeGreaterThan(10 * sumOf('a other'));
  const [first, other] = ['first', 'other'].map((job) => sumOf(`a ${job}`) + sumOf(`b ${job}`));
  const [firstMs = 0, otherMs = 0] = [JOB, OTHER].map(
    (id) => bench.hub().jobs.get(id)?.fleet.unitMs,
  );
  const ratio = ((first ?? 0) * firstMs) / ((other ?? 0) * otherMs);
  expect(ratio).toBeGreaterThan(0.8);
  expect(ratio).toBeLessThan(1.25);
});

test('a device is not tried on a model that is slow on devices like it, while others have it', () => {
  const speeds: Speeds = { a: [100, 2_000], b: [1_000, 100] };
  join(2, 'a');
  join(3, 'b');
  work([2, 3], speeds, 60);
  expect([count(2, 'admit'), count(3, 'admit')]).toEqual([2, 2]);
  join(4, 'a');
  work([2, 3, 4], speeds, 30);
  expect(count(4, 'admit')).toBe(1);
  expect(sumOf('a other')).toBeLessThan(sumOf('a first') / 50);
});

test('devices that are alike share the jobs in equal parts', () => {
  const sockets = [2, 3, 4];
  for (const socket of sockets) join(socket, 'a');
  work(sockets, { a: [100, 100] }, 120);
  const ratio = sumOf('a first') / sumOf('a other');
  expect(ratio).toBeGreaterThan(0.8);
  expect(ratio).toBeLessThan(1.25);
});

test('a device that lies of its speed moves what a unit costs by a bounded factor', () => {
  const sockets = Array.from({ length: 9 }, (_, at) => at + 2);
  for (const socket of sockets) join(socket, `a${socket}`);
  work(sockets, {}, 3);
  const job = bench.hub().jobs.get(JOB);
  if (job?.packageId === undefined) throw new Error('the job has no package');
  for (const socket of sockets) {
    const said = { provider: 'wasm', dtype: 'f32', threads: 1 } as const;
    const unitMs = millis(socket === 2 ? 0.001 : 100);
    bench.say(socket, {
      ...{ type: 'admitted', package: job.packageId, ...said, unitMs, trials: [] },
    });
  }
  countFleet({ hub: bench.hub(), world: { now: instant(bench.clock() + 1_000) } }, job);
  // It counts as 32 of the others: 9 devices of 100 ms, as fast as 8 + 32.
  expect(job.fleet.unitMs).toBeCloseTo(900 / 40, 5);
  expect(job.fleet.speed).toBeGreaterThan(999);
});
