import { expect, test } from 'vitest';
import { BLOCKS_NONE, type Blocks, type JobAbout } from '#protocol/api/about.ts';
import type { DeveloperId } from '#protocol/values/ids.ts';
import { LEASE, MANIFEST, openBench, PACKAGE } from './fake-world.ts';

const ABOUT: JobAbout = {
  ...{ job: LEASE.job, name: 'poems', category: 'language' },
  ...{ developer: 'dev_0123456789abcdef' as DeveloperId, developerName: 'Library' },
};
const of = (blocks: Partial<Blocks>): Blocks => ({ ...BLOCKS_NONE, ...blocks });
const LANGUAGE = of({ categories: ['language'] });

test('a device says after each welcome what is blocked, before it asks for anything', () => {
  const bench = openBench({ blocks: LANGUAGE });
  bench.post({ type: 'start' });
  bench.welcome();
  expect(bench.said()).toEqual(['hello', 'block', 'request']);
});

test('a device without blocks says nothing of them, until its person chooses some', () => {
  const bench = openBench();
  bench.post({ type: 'start' });
  bench.welcome();
  bench.post({ type: 'block', blocks: LANGUAGE });
  expect(bench.said()).toEqual(['hello', 'request', 'block']);
});

test('work of a job that is blocked while it computes goes back at once, and its result is not sent', () => {
  const bench = openBench();
  bench.join();
  bench.hear({ type: 'about', about: ABOUT });
  const id = bench.lease('a');
  expect(bench.status()).toMatchObject({ shard: { job: LEASE.job }, about: ABOUT });
  bench.post({ type: 'block', blocks: of({ developers: [ABOUT.developer] }) });
  const [back] = bench
    .all('send')
    .flatMap(({ message }) => (message.type === 'give-back' ? [message] : []));
  expect(back).toMatchObject({ lease: id, reason: { code: 'blocked' } });
  bench.endRun();
  expect(bench.said()).not.toContain('commit');
});

test('what is committed is revealed all the same', () => {
  const bench = openBench();
  bench.join();
  const id = bench.lease('a');
  bench.endRun();
  bench.post({ type: 'block', blocks: of({ jobs: [LEASE.job] }) });
  bench.log(id);
  expect(bench.said()).not.toContain('give-back');
  expect(bench.all('send-frame')).toHaveLength(1);
});

test('a lease of blocked work that was on its way is given back', () => {
  const bench = openBench({ blocks: LANGUAGE });
  bench.join();
  bench.hear({ type: 'about', about: ABOUT });
  const tried = bench.all('run').length;
  bench.lease('a');
  expect(bench.said()).toContain('give-back');
  expect(bench.all('run')).toHaveLength(tried);
});

test('the download for a job that is blocked ends, and another job is tried', () => {
  const bench = openBench({ holdLoads: true });
  bench.post({ type: 'start' });
  bench.welcome();
  bench.hear({ type: 'about', about: ABOUT });
  bench.hear({ type: 'admit', id: PACKAGE, job: LEASE.job, manifest: MANIFEST });
  expect(bench.status()).toMatchObject({ phase: 'downloading', about: ABOUT });
  bench.post({ type: 'block', blocks: LANGUAGE });
  expect(bench.device.admission).toBeUndefined();
  expect(bench.said()).toEqual(['hello', 'request', 'block']);
});

test('what was accepted is written down with what it was for', () => {
  const bench = openBench();
  bench.join();
  bench.hear({ type: 'about', about: ABOUT });
  const id = bench.lease('a');
  bench.endRun();
  bench.log(id);
  bench.hear({ type: 'accepted', lease: id, units: 1, workBefore: 0, unitCost: 1 });
  const noted = bench.all('note').map(({ note }) => note);
  expect(noted.at(-1)).toMatchObject({ what: 'accepted', about: ABOUT });
});
