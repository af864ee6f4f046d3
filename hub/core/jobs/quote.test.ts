import { beforeEach, expect, test } from 'vitest';
import type { DeveloperId, Digest, JobId } from '#protocol/values/ids.ts';
import { bytes, lamports } from '#protocol/values/units.ts';
import {
  type Bench,
  beginJob,
  fundJob,
  JOB,
  joinWorker,
  openBench,
  PHONE,
  postJob,
  prepareJob,
  quoteJob,
  TABLET,
} from '../fake-world.ts';
import { viewJob } from '../views.ts';
import { estimate, likeJob, obstaclesOf } from './estimate.ts';

const SECOND = `job_${'2'.repeat(16)}` as JobId;
const FREE = lamports(0n);
const WISH = { items: 1_000, unitPrice: FREE, assurance: 'instant' } as const;
let bench: Bench;
beforeEach(() => {
  bench = openBench();
});

const jobOf = (id = JOB) => {
  const job = bench.hub().jobs.get(id);
  if (job === undefined) throw new Error(`there is no ${id}`);
  return job;
};
const quoteOf = (id = JOB) => viewJob(bench.hub(), jobOf(id)).quote;
const noteOf = (code: string) => quoteOf()?.notes.find((note) => note.code === code)?.values;

test('a dry run ends with its quote, and nothing of it is lent', () => {
  quoteJob(bench, 10, { dryRun: true });
  expect(bench.job()).toMatchObject({
    ...{ state: 'cancelled', reason: { code: 'dry-run' } },
    quote: { units: 10, total: '50' },
  });
  bench.join(2, PHONE, 'contributor');
  bench.say(2, { type: 'request' });
  expect(bench.last(2, 'admit') ?? bench.last(2, 'lease')).toBeUndefined();
  expect(bench.job()?.keptUntil).toBe(bench.job()?.endedAt);
});

test('a quote is at the latest what measured devices take, and counts no other ones for that', () => {
  quoteJob(bench, 100, { unitPrice: FREE });
  expect(quoteOf()).not.toHaveProperty('durationMs');
  joinWorker(bench, 2, { key: PHONE, unitMs: 200 });
  expect(quoteOf()).toMatchObject({ durationMs: 20_000, latestMs: 20_000 });
  bench.join(3, TABLET, 'contributor');
  // Of the tablet nothing is known: at the soonest it is as fast as the verifier (100 ms).
  expect(quoteOf()).toMatchObject({ durationMs: 6_667, latestMs: 20_000 });
  expect(noteOf('devices-measured')).toEqual({ devices: 2, measured: 1 });
});

test('a device that was measured on another model counts by what it takes there', () => {
  quoteJob(bench, 10, { unitPrice: FREE });
  joinWorker(bench, 2, { key: PHONE, unitMs: 300 });
  postJob(bench, 10, { id: SECOND, file: '7', unitPrice: FREE });
  prepareJob(bench, { id: SECOND, unitMs: 50 });
  expect(quoteOf(SECOND)).toMatchObject({ durationMs: 1_500, latestMs: 1_500 });
  const [note] = quoteOf(SECOND)?.notes ?? [];
  expect(note?.values).toEqual({ devices: 1, measured: 0, compared: 1 });
});

test('the latest time is that of the share beside jobs of others that run', () => {
  quoteJob(bench, 100, { unitPrice: FREE });
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  const alone = quoteOf()?.latestMs ?? 0;
  postJob(bench, 1_000, { id: SECOND, unitPrice: FREE, autoStart: true });
  const other = 'dev_00000000000000cd' as DeveloperId;
  jobOf(SECOND).record = { ...jobOf(SECOND).record, developer: other };
  prepareJob(bench, { id: SECOND });
  expect(quoteOf()).toMatchObject({ durationMs: alone, latestMs: 2 * alone });
  expect(noteOf('shared-now')).toEqual({ jobs: 1, percent: 50 });
});

test('what a job with other items would cost follows from the one that was prepared', () => {
  quoteJob(bench, 10, { unitItems: 4 });
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  const like = likeJob(jobOf(), { ...WISH, unitPrice: lamports(7n) });
  expect(estimate(bench.hub(), like)).toMatchObject({
    ...{ items: 1_000, units: 250, total: '1750' },
    ...{ durationMs: 25_000, latestMs: 25_000 },
  });
  expect(obstaclesOf(bench.hub(), like)).toEqual([]);
  expect(bench.job()).toMatchObject({ items: 40, units: 10 });
});

test('a job above its price cap does not start, takes no money, and says both figures', () => {
  const above = { code: 'price-above-cap', values: { lamports: '50', most: '49' } };
  quoteJob(bench, 10, { priceMax: lamports(49n), autoStart: true });
  expect(bench.job()).toMatchObject({ state: 'quoted', reason: above });
  const refused = { ok: false, refusal: { code: 'price-above-cap' } };
  expect(fundJob(bench)).toMatchObject(refused);
  bench.post({ type: 'command', request: 2, command: { type: 'start', job: JOB } });
  expect(bench.replies.at(-1)?.result).toMatchObject(refused);
  expect(bench.job()?.state).toBe('quoted');
  const like = likeJob(jobOf(), { ...WISH, unitPrice: lamports(5n), priceMax: lamports(4_999n) });
  expect(obstaclesOf(bench.hub(), like)[0]?.code).toBe('price-above-cap');
});

test('a job at its price cap starts', () => {
  quoteJob(bench, 10, { priceMax: lamports(50n) });
  beginJob(bench);
  expect(bench.job()?.state).toBe('running');
});

test('a job that is not possible now says what is missing', () => {
  quoteJob(bench, 10);
  const codes = () => obstaclesOf(bench.hub(), likeJob(jobOf(), WISH)).map(({ code }) => code);
  expect(codes()).toEqual(['no-device']);
  bench.join(2, PHONE, 'contributor');
  expect(codes()).toEqual([]);
  const phone = bench.hub().devices.get(PHONE);
  if (phone !== undefined) phone.capabilities = { ...phone.capabilities, memoryBytes: bytes(0) };
  expect(obstaclesOf(bench.hub(), likeJob(jobOf(), WISH))).toEqual([
    { code: 'memory-missing', values: { needMiB: 1, mostMiB: 0 } },
  ]);
  bench.post({ type: 'disconnected', socket: 1 });
  expect(codes()).toEqual(['verifier-missing', 'memory-missing']);
});

test('jobs of one setup are found by the length of their rows, the newest first', () => {
  const setup = 'ab'.repeat(32) as Digest;
  quoteJob(bench, 10, { setup });
  postJob(bench, 10, { id: SECOND, setup });
  prepareJob(bench, { id: SECOND });
  expect([...(bench.hub().setups.get(setup) ?? [])]).toEqual([[1, SECOND]]);
  bench.restart();
  expect([...(bench.hub().setups.get(setup) ?? [])]).toEqual([[1, SECOND]]);
  beginJob(bench);
  expect(bench.job()?.state).toBe('running');
});
