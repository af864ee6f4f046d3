import { beforeEach, expect, test } from 'vitest';
import { DIGEST_BYTES } from '#protocol/bytes/digest.ts';
import type { JobId, Root } from '#protocol/values/ids.ts';
import { bytes } from '#protocol/values/units.ts';
import { type Bench, JOB, openBench, postJob, prepareJob, VERIFIER } from '../fake-world.ts';
import type { RecutInputs } from '../state/events.ts';

const ITEMS = 80;
const NEXT = `job_${'2'.repeat(16)}` as JobId;
const pairs: RecutInputs = {
  inputs: { root: '1'.repeat(64) as Root, length: bytes(4 * ITEMS) },
  inputDigests: { root: '2'.repeat(64) as Root, length: bytes((DIGEST_BYTES * ITEMS) / 2) },
  digestBytes: new Uint8Array((DIGEST_BYTES * ITEMS) / 2).fill(7),
};

let bench: Bench;
beforeEach(() => {
  bench = openBench();
  bench.join(1, VERIFIER, 'verifier');
});

const runtimeOf = (id: JobId) => bench.hub().jobs.get(id)?.record.draft.runtime;
/** Units of eight items that take 350 ms, cut into pairs that take 90 ms. */
function prepareDear(): void {
  postJob(bench, ITEMS / 8, { unitItems: 8 });
  prepareJob(bench, { unitItems: 8, unitMs: 350, runsAlone: true });
  bench.cut(pairs);
  prepareJob(bench, { unitItems: 2, unitMs: 180, runsAlone: true });
}

test('units that take more than 100 ms are cut by what an item was measured to cost, once', () => {
  prepareDear();
  expect(bench.recuts.map(({ cut }) => cut)).toMatchObject([{ items: ITEMS, unitItems: 2 }]);
  expect(runtimeOf(JOB)).toMatchObject({ unitItems: 2, sized: 'measured' });
  expect(runtimeOf(JOB)).not.toHaveProperty('coupled');
  expect(bench.job()).toMatchObject({ state: 'quoted', units: ITEMS / 2, unitItems: 2 });
});

test('the next job of a model is cut as the first was before it is prepared, after a restart too', () => {
  prepareDear();
  bench.restart();
  bench.join(1, VERIFIER, 'verifier');
  postJob(bench, ITEMS / 8, { id: NEXT, unitItems: 8 });
  expect(bench.last(1, 'prepare')).toBeUndefined();
  bench.cut(pairs);
  expect(bench.last(1, 'prepare')).toMatchObject({ job: NEXT, units: ITEMS / 2 });
  prepareJob(bench, { id: NEXT, unitItems: 2, unitMs: 20, runsAlone: true });
  const [first, next] = [JOB, NEXT].map((id) => bench.hub().jobs.get(id)?.packageId);
  expect(next).toBe(first);
});

test('a size that was asked for stays, and is no rule for others', () => {
  postJob(bench, ITEMS / 8, { unitItems: 8, sized: 'fixed' });
  prepareJob(bench, { unitItems: 8, unitMs: 350, runsAlone: true });
  expect(bench.job()).toMatchObject({ state: 'quoted', unitItems: 8 });
  postJob(bench, ITEMS / 4, { id: NEXT, unitItems: 4 });
  expect(bench.recuts).toEqual([]);
});

test('units of a model that runs with no fewer items stay as they are', () => {
  postJob(bench, ITEMS / 8, { unitItems: 8 });
  prepareJob(bench, { unitItems: 8, unitMs: 350 });
  expect(bench.job()).toMatchObject({ state: 'quoted', unitItems: 8 });
});

test('items that turn out to change with their neighbours in a later job are cut singly, once', () => {
  postJob(bench, ITEMS / 8, { unitItems: 8 });
  prepareJob(bench, { unitItems: 8, unitMs: 20, runsAlone: true });
  postJob(bench, ITEMS / 8, { id: NEXT, unitItems: 8 });
  bench.say(1, { type: 'coupled', job: NEXT });
  bench.cut({ ...pairs, digestBytes: new Uint8Array(DIGEST_BYTES * ITEMS) });
  expect(bench.recuts).toHaveLength(1);
  expect(bench.last(1, 'prepare')).toMatchObject({ job: NEXT, units: ITEMS });
});
