import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { fault, type RefusalCode } from '#protocol/values/refusal.ts';
import { openSpareWorker, type SpareWorker } from './spare-worker.ts';

type ComputeWorker = Awaited<ReturnType<SpareWorker['take']>>;

const seen = { opened: 0, closed: 0 };
let fails: RefusalCode | undefined;
const open = async (): Promise<ComputeWorker> => {
  seen.opened += 1;
  return {
    load: async () => undefined,
    async run() {
      if (fails !== undefined) throw fault(fails, 'as asked');
      return {} as Awaited<ReturnType<ComputeWorker['run']>>;
    },
    peakBytes: () => 0,
    async close() {
      seen.closed += 1;
    },
  };
};
/** Takes a worker, runs a unit, and gives it back. */
async function use(workers: SpareWorker, name: string): Promise<void> {
  const worker = await workers.take(name, open);
  await worker.run(new Uint8Array(1), 1).catch(() => undefined);
  await worker.close();
}

beforeEach(() => {
  Object.assign(seen, { opened: 0, closed: 0 });
  fails = undefined;
});
afterEach(() => void vi.useRealTimers());

it('a model is loaded once for many exams, though each of its units is refused', async () => {
  fails = 'model-run-failed';
  const workers = openSpareWorker();
  for (let exam = 0; exam < 100; exam += 1) await use(workers, 'a');
  expect(seen).toEqual({ opened: 1, closed: 0 });
  await workers.close();
  expect(seen.closed).toBe(1);
});

it.each(['provider-failed', 'provider-timeout', 'device-memory'] as const)(
  'a worker that ended with %s is not used again',
  async (code) => {
    fails = code;
    const workers = openSpareWorker();
    await use(workers, 'a');
    await use(workers, 'a');
    expect(seen).toEqual({ opened: 2, closed: 2 });
  },
);

it('one model is kept at a time, and none after the end', async () => {
  const workers = openSpareWorker();
  for (const name of ['a', 'b', 'a']) await use(workers, name);
  expect(seen).toEqual({ opened: 3, closed: 2 });
  const last = await workers.take('a', open);
  await workers.close();
  await last.close();
  expect(seen).toEqual({ opened: 3, closed: 3 });
});

it('a worker is closed when nobody has used it for a minute, or very many have', async () => {
  vi.useFakeTimers();
  const workers = openSpareWorker();
  await use(workers, 'a');
  await vi.advanceTimersByTimeAsync(61_000);
  expect(seen).toEqual({ opened: 1, closed: 1 });
  for (let exam = 0; exam < 300; exam += 1) await use(workers, 'a');
  expect(seen).toEqual({ opened: 3, closed: 2 });
});
