import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { JobId, PublicKey } from '#protocol/values/ids.ts';
import {
  beginJob,
  deliver,
  JOB,
  joinWorker,
  openBench,
  PHONE,
  postJob,
  prepareJob,
  quoteJob,
  startJob,
  TABLET,
  verdictOn,
} from '../fake-world.ts';
import { viewGrid } from '../hub.ts';

const LAPTOP = '44'.repeat(32) as PublicKey;
const WATCH = '55'.repeat(32) as PublicKey;
const ONE = { newcomers: { burst: 1, unitsEach: 40 } };
const view = (bench: ReturnType<typeof openBench>) => viewGrid(bench.hub()).newcomers;

test('a device past the places waits, first come first served, and is told so', () => {
  const bench = openBench(ONE);
  startJob(bench, 1_000);
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  expect(bench.last(2, 'lease')?.lease.unitCount).toBe(20);
  for (const [socket, key] of [
    [3, TABLET],
    [4, LAPTOP],
  ] as const) {
    bench.join(socket, key, 'contributor');
    bench.say(socket, { type: 'request' });
  }
  // Not even the model is fetched before its turn.
  expect(bench.last(3, 'admit')).toBeUndefined();
  expect(bench.last(3, 'idle')?.reason.code).toBe('newcomers-full');
  expect(bench.last(3, 'idle')?.reason.values).toMatchObject({ ahead: 0 });
  expect(bench.last(4, 'idle')?.reason.values).toMatchObject({ ahead: 1 });
  expect(view(bench)).toEqual({ places: 1, taken: 1, waiting: 2, unitsEach: 40 });
  deliver(bench, 2, PHONE);
  bench.say(2, { type: 'request' });
  deliver(bench, 2, PHONE);
  // 60 units: one place more, for the tablet alone.
  bench.wait(500);
  bench.admit(3, 100);
  expect(bench.last(3, 'lease')).toBeDefined();
  expect(bench.last(4, 'admit')).toBeUndefined();
  expect(view(bench)).toEqual({ places: 2, taken: 2, waiting: 1, unitsEach: 40 });
});

test('a device that delivers nothing gives its place back; one in the line that leaves is out of it', () => {
  const bench = openBench(ONE);
  startJob(bench, 1_000);
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  for (const [socket, key] of [
    [3, TABLET],
    [4, LAPTOP],
  ] as const) {
    bench.join(socket, key, 'contributor');
    bench.say(socket, { type: 'request' });
  }
  bench.post({ type: 'disconnected', socket: 3 });
  bench.post({ type: 'disconnected', socket: 2 });
  expect(view(bench)).toMatchObject({ taken: 1, waiting: 1 });
  bench.wait(6_000);
  bench.admit(4, 100);
  expect(bench.last(4, 'lease')).toBeDefined();
  // Back again, and new: nothing of it was ever accepted.
  bench.join(5, PHONE, 'contributor');
  bench.say(5, { type: 'request' });
  expect(bench.last(5, 'idle')?.reason.code).toBe('newcomers-full');
});

test('a device whose job has ended does not hold up the line', () => {
  const bench = openBench({ newcomers: { burst: 1, unitsEach: 20 } });
  startJob(bench, 20);
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  bench.join(3, TABLET, 'contributor');
  bench.say(3, { type: 'request' });
  expect(view(bench)).toMatchObject({ places: 1, waiting: 1 });
  while (bench.job()?.state === 'running') {
    deliver(bench, 2, PHONE);
    bench.say(2, { type: 'request' });
  }
  bench.wait(500);
  expect(bench.last(3, 'idle')?.reason.code).toBe('no-jobs');
  expect(view(bench)).toMatchObject({ places: 2, waiting: 0 });
});

test('a device that was banned is new again, and counts twice', () => {
  const bench = openBench({ ...ONE, needsVerifier: true });
  startJob(bench, 1_000);
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  deliver(bench, 2, PHONE);
  bench.say(1, { type: 'verdict', signed: verdictOn(bench, 'mismatch') });
  expect(bench.last(2, 'refused')?.code).toBe('device-banned');
  for (let hour = 0; hour < 61; hour += 1) {
    bench.say(1, { type: 'beat' });
    bench.wait(59_500);
  }
  bench.join(5, PHONE, 'contributor');
  bench.say(5, { type: 'request' });
  expect(bench.last(5, 'idle')?.reason.code).toBe('newcomers-full');
  expect(view(bench)).toMatchObject({ places: 1, taken: 1 });
  bench.restart();
  expect(view(bench)).toMatchObject({ places: 1, taken: 1 });
  bench.join(6, PHONE, 'contributor');
  bench.say(6, { type: 'request' });
  expect(bench.last(6, 'idle')?.reason.code).toBe('newcomers-full');
});

test('a job that only new devices could move says so', () => {
  const bench = openBench({ newcomers: { burst: 0, unitsEach: 40 } });
  startJob(bench, 100);
  bench.join(2, PHONE, 'contributor');
  bench.say(2, { type: 'request' });
  expect(bench.job()?.reason.code).toBe('all-devices-new');
});

test('a device past the first takes a place for each 100 ms of its dearest unit', () => {
  const bench = openBench(ONE);
  quoteJob(bench, 1_000, { unitMs: 250 });
  beginJob(bench);
  joinWorker(bench, 2, { key: PHONE, unitMs: 400 });
  bench.join(3, TABLET, 'contributor');
  bench.say(3, { type: 'request' });
  // Three places, one for each 4 s of reference time: 48 units of 250 ms.
  for (let done = 0; done < 48; ) {
    expect(bench.last(3, 'admit')).toBeUndefined();
    done += bench.last(2, 'lease')?.lease.unitCount ?? 0;
    deliver(bench, 2, PHONE);
    bench.say(2, { type: 'request' });
    bench.wait(500);
  }
  bench.admit(3, 400);
  expect(bench.last(3, 'lease')).toBeDefined();
  expect(view(bench)).toMatchObject({ taken: 1 + 3 });
  deliver(bench, 3, TABLET);
  expect(view(bench)).toMatchObject({ taken: 1 + 3 });
});

test('a device that began with cheap units waits for the places of a dear one', () => {
  const bench = openBench({ newcomers: { burst: 1, unitsEach: 20 } });
  quoteJob(bench, 1_000, { unitMs: 100 });
  beginJob(bench);
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  deliver(bench, 2, PHONE);
  joinWorker(bench, 3, { key: TABLET, unitMs: 100 });
  deliver(bench, 3, TABLET);
  const { places, taken } = view(bench) ?? {};
  expect({ places, taken }).toEqual({ places: 1 + 2, taken: 2 });
  const dear = `job_${'2'.repeat(16)}` as JobId;
  postJob(bench, 60, { id: dear, file: '7' });
  prepareJob(bench, { id: dear, unitMs: 350 });
  // Idle devices are tried on what is quoted: the first at any cost, the other when it has places.
  bench.post({ type: 'command', request: 9, command: { type: 'cancel', job: JOB } });
  for (const socket of [2, 3]) bench.say(socket, { type: 'request' });
  const offered = (socket: number) => bench.last(socket, 'admit')?.id;
  expect(offered(2)).toBe(bench.hub().jobs.get(dear)?.packageId);
  expect(offered(3)).not.toBe(offered(2));
});

const KEYS = [PHONE, TABLET, LAPTOP, WATCH];

test('devices begin up to the number of places, and a restart changes nothing', () => {
  const step = fc.record({
    device: fc.nat(3),
    act: fc.constantFrom('request', 'deliver', 'leave', 'wait', 'restart', 'ban'),
  });
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 40 }),
      fc.integer({ min: 1, max: 3 }),
      (steps, burst) => {
        const bench = openBench({ needsVerifier: true, newcomers: { burst, unitsEach: 50 } });
        startJob(bench, 5_000);
        for (const { device, act } of steps) {
          const key = KEYS[device] ?? PHONE;
          const socket = 10 + device;
          const online = bench.hub().devices.get(key)?.socket === socket;
          if (act === 'wait') bench.wait(6_000);
          if (act === 'leave' && online) bench.post({ type: 'disconnected', socket });
          if (act === 'request') {
            if (!online) bench.join(socket, key, 'contributor');
            bench.say(socket, { type: 'request' });
            if (bench.hub().devices.get(key)?.admitting !== undefined) bench.admit(socket, 100);
          }
          const lease = bench.last(socket, 'lease')?.lease;
          if (act === 'deliver' && online && lease && bench.hub().leases.has(lease.id)) {
            deliver(bench, socket, key);
          }
          const check = bench.last(1, 'check');
          if (act === 'ban' && check && bench.hub().verifiers.size > 0) {
            const { shard } = check;
            const { verdict, signature } = verdictOn(bench, 'mismatch');
            const signed = { verdict: { ...verdict, device: shard.device }, signature };
            bench.say(1, { type: 'verdict', signed });
          }
          if (act === 'restart') {
            for (const id of KEYS.keys()) bench.post({ type: 'disconnected', socket: 10 + id });
            bench.wait(61_000);
            const before = view(bench);
            bench.restart();
            expect({ ...view(bench), waiting: 0 }).toEqual({ ...before, waiting: 0 });
            bench.join(1, 'bb'.repeat(32) as PublicKey, 'verifier');
          }
          const { places = 0, taken = 0 } = view(bench) ?? {};
          const units = bench.hub().acceptedUnits;
          expect(places).toBe(burst + Math.floor(units / 50));
          if (bench.job()?.requeued === 0) expect(taken).toBeLessThanOrEqual(places);
        }
      },
    ),
    { numRuns: 60 },
  );
});
