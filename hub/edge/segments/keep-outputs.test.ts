import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openTestFolder } from '#node/test-folder.ts';
import { instant } from '#protocol/values/units.ts';
import type { OutputSegment } from '../../core/state/facts.ts';
import { openFolderBlobs } from '../blobs/folder.ts';
import type { BlobStore } from '../blobs/port.ts';
import { pathOfBlob } from '../blobs/reader.ts';
import type { Store } from '../store/port.ts';
import { accepted, acceptedShard, committed, jobArchived, jobId } from '../store/sample-facts.ts';
import { openMemoryStore } from '../store/store.ts';
import { unitsIn } from '../store/store-world.ts';
import { type KeepPorts, keepOutputs, SEGMENT_LIMITS } from './keep-outputs.ts';
import { moveOutputs, portsOf } from './test-move.ts';

const folder = openTestFolder();
let worlds = 0;
let blobFolder: string;
let blobs: BlobStore;
let store: Store;

const SHARDS = 7;
const choiceOf = (index: number) => ({
  index,
  // Not in the order in which they come, and job 2 in between.
  firstUnit: 2 * ((index * 3) % SHARDS),
  job: index % 3 === 2 ? 2 : 1,
});
const ALL = Array.from({ length: SHARDS }, (_, index) => choiceOf(index));
const LIMITS = { ...SEGMENT_LIMITS, bytesMin: 0, shardsMax: 2 };

beforeEach(async () => {
  blobFolder = join(folder, `${worlds++}`);
  blobs = await openFolderBlobs(blobFolder);
  store = await openMemoryStore(blobs);
  for (const choice of ALL) {
    const fact = accepted(choice, 900 + choice.index);
    if (fact.type !== 'accepted') throw new Error('no shard');
    const taps = choice.index === 1 ? {} : { fingerprints: new Uint8Array(40).fill(choice.index) };
    await store.append([committed(choice), { ...fact, ...taps }]);
  }
  await store.append([jobArchived(1)]);
});
afterEach(() => store.close());

/** All that is told of outputs. */
async function readAll() {
  const told = [];
  for (const choice of ALL) {
    const { lease } = acceptedShard(choice);
    told.push(await store.delivered(lease), await store.fingerprints(lease));
  }
  for (const job of [1, 2]) told.push(await store.results(jobId(job), unitsIn(0, 99)));
  return told;
}

async function listNumbers(job: number): Promise<number[]> {
  const all: number[] = [];
  for await (const numbers of store.outputRows.numbers(jobId(job))) all.push(...numbers);
  return all;
}

const rowsOf = async (job: number): Promise<number> =>
  (await store.outputRows.sizes(await listNumbers(job))).length;

test('outputs of an archived job move from rows into segments, and those of others stay', async () => {
  const before = await readAll();
  expect(await store.outputRows.due(0)).toMatchObject({ id: jobId(1) });
  expect([await rowsOf(1), await rowsOf(2)]).toEqual([5, 2]);
  const kept: OutputSegment[] = [];
  const ports = portsOf({ store, blobs }, jobId(1));
  const keep = async (segment?: OutputSegment) => {
    if (segment !== undefined) kept.push(segment);
    await ports.keep(segment);
  };
  await keepOutputs(jobId(1), { ...ports, keep }, LIMITS);
  expect(kept.map(({ shards }) => shards)).toEqual([2, 2, 1]);
  expect(kept.map(({ first }) => first)).toEqual(
    kept.map(({ first }) => first).sort((a, b) => a - b),
  );
  expect(await store.outputRows.due(0)).toBeUndefined();
  expect([await rowsOf(1), await rowsOf(2)]).toEqual([0, 2]);
  expect(await readAll()).toEqual(before);
});

test('a move that breaks off at any step loses nothing, and ends the next time', async () => {
  const before = await readAll();
  let steps = 0;
  let breakAt = 0;
  const step = () => {
    steps += 1;
    if (steps === breakAt) throw new Error('the hub was killed');
  };
  const ports = portsOf({ store, blobs }, jobId(1));
  const breaking: KeepPorts = {
    ...ports,
    rows: {
      async *numbers(job) {
        step();
        yield* ports.rows.numbers(job);
      },
      async sizes(numbers) {
        step();
        return ports.rows.sizes(numbers);
      },
      async bytes(numbers, column) {
        step();
        return ports.rows.bytes(numbers, column);
      },
    },
    blobs: {
      async put(...given) {
        step();
        const made = await blobs.put(...given);
        step();
        return made;
      },
    },
    async keep(segment) {
      step();
      await ports.keep(segment);
      step();
    },
  };
  let broken = 0;
  for (breakAt = 1; ; breakAt += 1) {
    steps = 0;
    try {
      await keepOutputs(jobId(1), breaking, LIMITS);
      break;
    } catch (error) {
      expect(String(error)).toContain('the hub was killed');
      broken += 1;
    }
    expect(await readAll()).toEqual(before);
    await blobs.sweep(store.namesBlob, -1);
    expect(await readAll()).toEqual(before);
  }
  expect(broken).toBeGreaterThan(8);
  expect([await rowsOf(1), await store.outputRows.due(0)]).toEqual([0, undefined]);
});

test('a sweep keeps segments, and takes them when the data of their job is removed', async () => {
  const before = await readAll();
  await moveOutputs({ store, blobs }, jobId(1), 9);
  expect(await blobs.sweep(store.namesBlob, -1)).toBe(0);
  expect(await readAll()).toEqual(before);
  await store.append([{ type: 'data-removed', job: jobId(1), at: instant(9) }]);
  expect(await blobs.sweep(store.namesBlob, -1)).toBe(1);
  expect(await store.results(jobId(1), unitsIn(0, 99))).toEqual([]);
});

test('no sweep takes a segment before its fact is on disk', async () => {
  const ports = portsOf({ store, blobs }, jobId(1));
  const keep = async (segment?: OutputSegment) => {
    if (segment !== undefined) {
      await utimes(pathOfBlob(blobFolder, segment.root), 0, 0);
      expect(await blobs.sweep(store.namesBlob, 1_000)).toBe(0);
    }
    await ports.keep(segment);
  };
  await keepOutputs(jobId(1), { ...ports, keep }, LIMITS);
  expect(await store.results(jobId(1), unitsIn(0, 99))).toHaveLength(5);
});

test('data that is removed while it is moved stays removed, and its segment has no name', async () => {
  const roots: OutputSegment['root'][] = [];
  const ports = portsOf({ store, blobs }, jobId(1));
  const keep = async (segment?: OutputSegment) => {
    if (segment !== undefined) roots.push(segment.root);
    await store.append([{ type: 'data-removed', job: jobId(1), at: instant(9) }]);
    await ports.keep(segment);
  };
  await keepOutputs(jobId(1), { ...ports, keep }, { ...LIMITS, shardsMax: 9 });
  expect(await Promise.all(roots.map(store.namesBlob))).toEqual([false]);
  expect(await store.results(jobId(1), unitsIn(0, 99))).toEqual([]);
  expect([await rowsOf(1), await rowsOf(2), await store.outputRows.due(0)]).toEqual([
    ...[0, 2, undefined],
  ]);
});

test('a fact that is said again moves nothing, and rows without a segment stay', async () => {
  const before = await readAll();
  const segment = { root: 'ab'.repeat(32), length: 9, first: 1, end: 99, shards: 7 };
  const said = { type: 'outputs-kept', at: instant(9), segment: segment as OutputSegment } as const;
  // This job is not archived.
  await store.append([{ ...said, job: jobId(2) }]);
  expect(await readAll()).toEqual(before);
  const ports = portsOf({ store, blobs }, jobId(1));
  const keepOne = async (known?: OutputSegment) => {
    await ports.keep(known);
    throw new Error('the hub was killed');
  };
  await expect(keepOutputs(jobId(1), { ...ports, keep: keepOne }, LIMITS)).rejects.toThrow();
  const first = Math.min(...(await listNumbers(1)));
  await store.append([{ ...said, job: jobId(1), segment: { ...said.segment, first } }]);
  expect(await readAll()).toEqual(before);
  await moveOutputs({ store, blobs }, jobId(1), 9);
  await store.append([{ ...said, job: jobId(1) }]);
  expect(await readAll()).toEqual(before);
});

test('the little that is left of a job stays in rows, and is not looked at again', async () => {
  const before = await readAll();
  const ports = portsOf({ store, blobs }, jobId(1));
  await keepOutputs(jobId(1), ports, { ...LIMITS, bytesMin: 1_000 });
  expect(await rowsOf(1)).toBe(1);
  expect(await store.outputRows.due(0)).toBeUndefined();
  expect(await readAll()).toEqual(before);
});

test('rows are read some at a time, and a segment has no more bytes than it may', async () => {
  const asked: number[] = [];
  const kept: OutputSegment[] = [];
  const big = { index: 50, firstUnit: 40 };
  await store.append([accepted({ ...big, job: 2 }, 3_000_000), jobArchived(2)]);
  const ports = portsOf({ store, blobs }, jobId(2));
  const rows: KeepPorts['rows'] = {
    ...ports.rows,
    async bytes(numbers, column) {
      asked.push(numbers.length);
      return ports.rows.bytes(numbers, column);
    },
  };
  const keep = async (segment?: OutputSegment) => {
    if (segment !== undefined) kept.push(segment);
    await ports.keep(segment);
  };
  await keepOutputs(
    jobId(2),
    { ...ports, rows, keep },
    { ...LIMITS, bytesMax: 2_000, shardsMax: 9 },
  );
  expect(kept.map(({ shards }) => shards)).toEqual([2, 1]);
  expect(asked).toEqual([2, 2, 1]);
  expect((await store.results(jobId(2), unitsIn(40, 41)))[0]?.outputs).toHaveLength(3_000_000);
});

test('a segment that is missing or damaged is told of with the way out', async () => {
  await moveOutputs({ store, blobs }, jobId(1), 9);
  await blobs.sweep(async () => false, -1);
  await expect(store.results(jobId(1), unitsIn(0, 99))).rejects.toMatchObject({
    refusal: {
      code: 'storage-failed',
      message: expect.stringMatching(/blob [0-9a-f]{64}.*put it back from a backup/),
    },
  });
});
