import { beforeEach, expect, test } from 'vitest';
import { BLOCKS_NONE, type Blocks } from '#protocol/api/about.ts';
import type { DeveloperId, JobId } from '#protocol/values/ids.ts';
import { lamports } from '#protocol/values/units.ts';
import {
  type Bench,
  JOB,
  joinWorker,
  openBench,
  PHONE,
  postJob,
  prepareJob,
  quoteJob,
  TABLET,
} from '../fake-world.ts';

const OTHER = `job_${'2'.repeat(16)}` as JobId;
const DEVELOPER = 'dev_00000000000000ab' as DeveloperId;
const PLAIN = { unitPrice: lamports(0n), autoStart: true } as const;
let bench: Bench;
beforeEach(() => {
  bench = openBench();
});

const block = (socket: number, blocks: Partial<Blocks>) =>
  bench.say(socket, { type: 'block', blocks: { ...BLOCKS_NONE, ...blocks } });
const ask = (socket: number) => bench.say(socket, { type: 'request' });
const idleOf = (socket: number) => bench.last(socket, 'idle')?.reason.code;
function postOther(more: Parameters<typeof postJob>[2] = {}) {
  postJob(bench, 100, { id: OTHER, ...PLAIN, ...more });
  prepareJob(bench, { id: OTHER });
}

test.each<[string, Partial<Blocks>]>([
  ['the job', { jobs: [JOB] }],
  ['who posted it', { developers: [DEVELOPER] }],
  ['its category', { categories: ['other'] }],
])(
  'a device that has blocked %s gets none of it, and is told that all that waits is blocked',
  (_, blocks) => {
    quoteJob(bench, 100, PLAIN);
    bench.join(2, PHONE, 'contributor');
    block(2, blocks);
    ask(2);
    expect(bench.last(2, 'admit')).toBeUndefined();
    expect(idleOf(2)).toBe('all-blocked');
    block(2, {});
    expect(bench.last(2, 'admit')?.job).toBe(JOB);
  },
);

test('a device that has blocked one of two jobs gets the other one alone', () => {
  quoteJob(bench, 100, PLAIN);
  postOther();
  bench.join(2, PHONE, 'contributor');
  block(2, { jobs: [JOB] });
  ask(2);
  bench.admit(2, 100);
  ask(2);
  const leased = (bench.sent.get(2) ?? []).flatMap((message) =>
    message.type === 'lease' ? [message.lease.job] : [],
  );
  expect(leased).toEqual([OTHER, OTHER]);
});

test('a device whose person blocks the job that it is tried for is tried for the next one', () => {
  quoteJob(bench, 100, PLAIN);
  bench.join(2, PHONE, 'contributor');
  ask(2);
  expect(bench.last(2, 'admit')?.job).toBe(JOB);
  postOther({ file: '7' });
  block(2, { jobs: [JOB] });
  expect(bench.last(2, 'admit')?.job).toBe(OTHER);
});

test('blocked work that is all lent out is not what a device waits for', () => {
  quoteJob(bench, 1, PLAIN);
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  expect(bench.last(2, 'lease')).toBeDefined();
  bench.join(3, TABLET, 'contributor');
  block(3, { jobs: [JOB] });
  ask(3);
  expect(idleOf(3)).toBe('no-jobs');
});

test('devices that have blocked a job are not counted for it', () => {
  quoteJob(bench, 100, PLAIN);
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  expect(bench.job()?.quote?.devices).toBe(1);
  block(2, { developers: [DEVELOPER] });
  expect(bench.job()?.quote?.devices).toBe(0);
});

// privacy: blocks-forgotten
test('what a device blocks is in no fact, and gone when it leaves', () => {
  quoteJob(bench, 100, PLAIN);
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  const blocked = 'dev_fedcba9876543210' as DeveloperId;
  block(2, { developers: [blocked] });
  expect(bench.hub().devices.get(PHONE)?.blocks.developers).toEqual([blocked]);
  bench.post({ type: 'disconnected', socket: 2 });
  bench.join(3, PHONE, 'contributor');
  expect(bench.hub().devices.get(PHONE)?.blocks).toEqual(BLOCKS_NONE);
  expect(JSON.stringify(bench.facts)).not.toContain(blocked);
});

test('a device is told once a session what a job is, before it is tried for it', () => {
  quoteJob(bench, 100, PLAIN);
  joinWorker(bench, 2, { key: PHONE, unitMs: 100 });
  ask(2);
  const types = (bench.sent.get(2) ?? []).map(({ type }) => type);
  expect(types.filter((type) => type === 'about')).toHaveLength(1);
  expect(types.indexOf('about')).toBe(types.indexOf('admit') - 1);
  expect(bench.last(2, 'about')?.about).toEqual({
    ...{ job: JOB, name: 'numbers', developer: DEVELOPER, category: 'other' },
  });
  bench.join(3, PHONE, 'contributor');
  const again = (bench.sent.get(3) ?? []).map(({ type }) => type);
  expect(again.indexOf('about')).toBe(again.indexOf('lease') - 1);
});
