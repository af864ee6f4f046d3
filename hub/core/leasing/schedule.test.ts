import { beforeEach, expect, test } from 'vitest';
import type { DeveloperId, JobId, PublicKey, Root } from '#protocol/values/ids.ts';
import { bytes, lamports, millis } from '#protocol/values/units.ts';
import {
  type Bench,
  deliver,
  JOB,
  joinWorker,
  openBench,
  PHONE,
  startJob,
  TABLET,
  UNIT_BYTES,
} from '../fake-world.ts';

const SECOND = 'job_00000000000000cd' as JobId;
const OTHER = 'dev_00000000000000cd' as DeveloperId;

let bench: Bench;
beforeEach(() => {
  bench = openBench();
});

/** Posts a free job like the first one, with a model and a developer of its own, and starts it. */
function startSecond(peakBytes = 1_000): void {
  const first = bench.hub().jobs.get(JOB);
  if (first === undefined) throw new Error('the first job is not there');
  const { record, inputDigests } = first;
  const draft = { ...record.draft, file: { root: 'e'.repeat(64) as Root, length: bytes(10) } };
  const differs = { id: SECOND, developer: OTHER, draft, unitPrice: lamports(0n), autoStart: true };
  const command = { type: 'create', record: { ...record, ...differs }, inputDigests } as const;
  bench.post({ type: 'command', request: 9, command });
  const outputs = record.draft.runtime.inputs.map((spec) => ({ ...spec, name: 'y' }));
  const found = { outputs, units: [0], unitMs: millis(100), peakBytes: bytes(peakBytes) };
  const decoys = { names: [], units: [], nearest: [] };
  const head = { type: 'prepared', job: SECOND, ...found, decoys } as const;
  bench.post({ type: 'framed', socket: 1, head, payload: new Uint8Array(UNIT_BYTES) });
}

const accepted = (job: JobId) => bench.hub().jobs.get(job)?.acceptedUnits ?? 0;

/** Delivers what the phone holds and asks for more, as often as told. */
function work(times: number): void {
  for (let time = 0; time < times; time += 1) {
    if (bench.hub().devices.get(PHONE)?.admitting !== undefined) bench.admit(2, 100);
    if ((bench.hub().devices.get(PHONE)?.leases.size ?? 0) > 0) deliver(bench, 2, PHONE);
    bench.say(2, { type: 'request' });
  }
}

test('two jobs of two developers share a device by what they pay', () => {
  startJob(bench, 10_000);
  startSecond();
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  work(120);
  const [paid, free] = [accepted(JOB), accepted(SECOND)];
  expect(free).toBeGreaterThan(500);
  expect(paid / free).toBeGreaterThan(1.7);
  expect(paid / free).toBeLessThan(2.3);
});

test('a job that comes late is begun on a device that is busy with another one', () => {
  startJob(bench, 10_000);
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  work(50);
  startSecond();
  expect(accepted(SECOND)).toBe(0);
  work(8);
  expect(accepted(SECOND)).toBeGreaterThan(0);
});

test('an idle device is told of the job that it cannot compute, in whatever order jobs were posted', () => {
  startJob(bench, 10);
  startSecond(10 ** 12);
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  work(4);
  expect(accepted(JOB)).toBe(10);
  expect(bench.last(2, 'idle')).toMatchObject({ reason: { code: 'capability-memory' } });
});

test('a device that has proven memory is set up for the job that needs it', () => {
  startJob(bench, 10);
  startSecond(1_200 * 2 ** 20);
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  work(4);
  const wanted = { model: 'numbers', needMiB: 1_200 };
  expect(bench.last(2, 'idle')?.reason).toMatchObject({
    code: 'capability-memory',
    values: wanted,
  });
  bench.say(2, { type: 'memory', bytes: bytes(1_200 * 2 ** 20) });
  work(8);
  expect(accepted(SECOND)).toBeGreaterThan(0);
});

test('an idle device is told that all units are lent where others have them, of whatever job', () => {
  startJob(bench, 10);
  startSecond();
  const jobs = [...bench.hub().jobs.values()];
  const keyOf = (socket: number) => socket.toString(16).padStart(64, '0') as PublicKey;
  for (let socket = 2; jobs.some(({ open }) => open.count > 0); socket += 1) {
    bench.join(socket, keyOf(socket), 'contributor');
    for (let time = 0; time < 4; time += 1) {
      bench.say(socket, { type: 'request' });
      const device = bench.hub().devices.get(keyOf(socket));
      if (device?.admitting !== undefined) bench.admit(socket, 100);
    }
  }
  bench.join(99, PHONE, 'contributor');
  bench.say(99, { type: 'request' });
  expect(jobs.map(({ leasedUnits }) => leasedUnits)).toEqual([10, 10]);
  expect(bench.last(99, 'idle')).toMatchObject({ reason: { code: 'no-units-open' } });
});

test('a device that says it is fast and does nothing keeps no slow one from the end of a job', () => {
  startJob(bench, 4);
  const id = bench.hub().jobs.get(JOB)?.packageId;
  if (id === undefined) throw new Error('the job has no package');
  bench.join(2, TABLET, 'contributor');
  const said = { dtype: 'f32' as const, threads: 1, unitMs: millis(0.01), trials: [] };
  bench.say(2, { type: 'admitted', package: id, provider: 'wasm', ...said });
  joinWorker(bench, 3, { key: PHONE, unitMs: 30_000 });
  expect(bench.last(3, 'lease')).toBeDefined();
});

test('a slow device waits while faster ones end a job, and no longer than they are in time', () => {
  startJob(bench, 60);
  joinWorker(bench, 2, { key: TABLET, unitMs: 100 });
  joinWorker(bench, 3, { key: PHONE, unitMs: 30_000 });
  expect(bench.last(2, 'lease')).toBeDefined();
  expect(bench.last(3, 'idle')).toMatchObject({ reason: { code: 'device-slow' } });
  expect(bench.last(3, 'lease')).toBeUndefined();
  bench.wait(6_000);
  expect(bench.last(3, 'lease')).toBeDefined();
});
