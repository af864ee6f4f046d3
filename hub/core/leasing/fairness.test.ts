import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { DeveloperId, JobId } from '#protocol/values/ids.ts';
import { instant } from '#protocol/values/units.ts';
import type { FairBook, Flow } from '../state/job.ts';
import {
  chargeFlow,
  openFairBook,
  QUANTUM_MS,
  rankFlows,
  refundFlow,
  weighPay,
} from './fairness.ts';

const COST_MAX = 10_000;
const STAY_MAX = 12_000;
const developerOf = (number: number) => `dev_${number}` as DeveloperId;
const flowOf = (developer: number, job: number, weight = 1): Flow => ({
  id: `job_${developer}_${job}` as JobId,
  developer: developerOf(developer),
  weight,
  leadMs: 0,
});

const flow = fc.record({
  developer: fc.integer({ min: 0, max: 3 }),
  weight: fc.constantFrom(1, 2, 3.5, 16),
});
const flows = fc
  .array(flow, { minLength: 1, maxLength: 9 })
  .map((drawn) => drawn.map(({ developer, weight }, at) => flowOf(developer, at, weight)));
/** What one device asks for: how long its shard takes, and which flow it is set up for. */
const asks = fc.array(
  fc.record({
    costMs: fc.integer({ min: 1, max: COST_MAX }),
    at: fc.nat(8),
    leadMs: fc.constantFrom(0, 4_000, STAY_MAX),
  }),
  { minLength: 1, maxLength: 400 },
);
interface Ask {
  costMs: number;
  at: number;
  leadMs: number;
  isFit?(flow: Flow): boolean;
}

/** Serves one device with the first flow of its ranking that `isFit` allows. */
function serve(book: FairBook, running: readonly Flow[], ask: Ask): Flow | undefined {
  const { costMs, at, leadMs, isFit = () => true } = ask;
  const seen = running.map((each, place) => (place === at ? { ...each, leadMs } : each));
  const ranked = rankFlows(book, seen).find((each) => isFit(each.flow));
  if (ranked === undefined) return undefined;
  chargeFlow(book, { ranked, flows: seen, costMs });
  return ranked.flow;
}

/** Weighted time that each got of what was served, by `name`. */
function serveAll(running: readonly Flow[], asked: readonly Ask[], name: (flow: Flow) => string) {
  const book = openFairBook();
  const time = new Map(running.map((each) => [name(each), 0]));
  for (const ask of asked) {
    const served = serve(book, running, ask);
    if (served === undefined) throw new Error('a flow that could be served was not');
    const key = name(served);
    time.set(key, (time.get(key) ?? 0) + ask.costMs / served.weight);
  }
  return [...time.values()];
}

const spread = (times: readonly number[]) => Math.max(...times) - Math.min(...times);

test('developers share device time by weight, to within the lead of devices that stay and a shard', () => {
  fc.assert(
    fc.property(flows, asks, (running, asked) => {
      const times = serveAll(running, asked, ({ developer }) => developer);
      expect(spread(times)).toBeLessThanOrEqual(STAY_MAX + COST_MAX);
      expect(spread(times)).toBeLessThan(QUANTUM_MS);
    }),
  );
});

test('jobs of one developer share by weight, to within the lead of devices that stay and a shard', () => {
  const weights = fc.array(fc.constantFrom(1, 2, 5, 16), { minLength: 2, maxLength: 6 });
  fc.assert(
    fc.property(weights, asks, (drawn, asked) => {
      const running = drawn.map((weight, at) => flowOf(0, at, weight));
      const times = serveAll(running, asked, ({ id }) => id);
      expect(spread(times)).toBeLessThanOrEqual(STAY_MAX + COST_MAX);
    }),
  );
});

test('no account ever holds more than a quantum, or owes more than a lead and a shard', () => {
  fc.assert(
    fc.property(flows, asks, fc.infiniteStream(fc.nat(511)), (running, asked, fits) => {
      const book = openFairBook();
      for (const ask of asked) {
        // Devices differ in what they can compute, and units run out.
        const mask = fits.next().value;
        serve(book, running, {
          ...ask,
          isFit: ({ id }) => ((mask >> Number(id.at(-1))) & 1) === 1,
        });
        for (const held of [...book.developers.values(), ...book.jobs.values()]) {
          expect(held).toBeLessThanOrEqual(QUANTUM_MS);
          expect(held).toBeGreaterThan(-STAY_MAX - COST_MAX);
        }
      }
    }),
  );
});

test('no job waits longer than all others may be ahead of it', () => {
  fc.assert(
    fc.property(flows, asks, (running, asked) => {
      const book = openFairBook();
      const waited = new Map(running.map(({ id }) => [id, 0]));
      for (const ask of asked) {
        const served = serve(book, running, ask);
        for (const [id, ms] of waited) waited.set(id, id === served?.id ? 0 : ms + ask.costMs);
      }
      const most = 16 * running.length * (STAY_MAX + COST_MAX);
      for (const ms of waited.values()) expect(ms).toBeLessThan(most);
    }),
  );
});

test('of jobs of one developer the earlier deadline goes first, and none gets less for it', () => {
  const due = (at: number, deadline: number) => ({ ...flowOf(0, at), deadline: instant(deadline) });
  const running = [flowOf(0, 0), due(1, 9_000), due(2, 5_000)];
  const book = openFairBook();
  const order: string[] = [];
  for (let turn = 0; turn < 3 * (QUANTUM_MS / 12_000); turn += 1) {
    order.push(serve(book, running, { costMs: 12_000, at: -1, leadMs: 0 })?.id.at(-1) ?? '');
  }
  const [first, ...rest] = order.join('').match(/(.)\1*/g) ?? [];
  expect(order.filter((id) => id === '0').length).toBe(order.length / 3);
  expect(`${first}${rest.join('')}`.slice(0, 4)).toContain('2');
  expect(order.indexOf('2')).toBeLessThan(order.indexOf('1'));
  expect(order.indexOf('1')).toBeLessThan(order.indexOf('0'));
});

test('a job that comes late is served next, and catches up nothing', () => {
  const book = openFairBook();
  const [old, late] = [flowOf(0, 0), flowOf(1, 1)];
  const ask = { costMs: 4_000, at: 9, leadMs: 0 };
  for (let time = 0; time < 1_001; time += 1) serve(book, [old], ask);
  const order = Array.from({ length: 20 }, () => serve(book, [old, late], ask)?.id);
  expect(order.slice(0, 2)).toContain(late.id);
  expect(order.filter((id) => id === late.id)).toHaveLength(10);
});

test('a job that no device could take for long gets a quantum ahead of the others and no more', () => {
  const book = openFairBook();
  const running = [flowOf(0, 0), flowOf(1, 1)];
  const ask = { costMs: 4_000, at: 9, leadMs: 0 };
  for (let time = 0; time < 1_000; time += 1)
    serve(book, running, { ...ask, isFit: ({ id }) => id === 'job_0_0' });
  const order = Array.from({ length: 100 }, () => serve(book, running, ask)?.id);
  const late = order.filter((id) => id === 'job_1_1').length;
  expect(late * 4_000 - 200_000).toBeLessThanOrEqual((QUANTUM_MS + 4_000) / 2);
});

test('accounts of jobs and developers that are gone are closed', () => {
  const book = openFairBook();
  const ask = { costMs: 10_000, at: 99, leadMs: 0 };
  for (let job = 0; job < 500; job += 1) serve(book, [flowOf(job, job)], ask);
  for (let time = 0; time < 10; time += 1) serve(book, [flowOf(0, 0)], ask);
  expect([book.developers.size, book.jobs.size]).toEqual([1, 1]);
});

test('time that a trial did not need comes back, up to a quantum, and to no closed account', () => {
  const book = openFairBook();
  const one = flowOf(0, 0, 2);
  serve(book, [one], { costMs: 10_000, at: 99, leadMs: 0 });
  const before = book.jobs.get(one.id) ?? 0;
  refundFlow(book, one, 6_000);
  expect(book.jobs.get(one.id)).toBe(before + 3_000);
  refundFlow(book, one, 1_000_000);
  expect(book.jobs.get(one.id)).toBe(QUANTUM_MS);
  refundFlow(book, flowOf(7, 7), 1_000);
  expect(book.developers.has(developerOf(7))).toBe(false);
});

test('a paying job weighs by what it pays, from twice a free one to sixteen times', () => {
  const rates = [0, 5, 10, 40, 1_000];
  expect(rates.map((rate) => weighPay(rate, 5))).toEqual([1, 2, 4, 16, 16]);
});
