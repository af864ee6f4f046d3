import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { openTestPrograms } from '#node/test-programs.ts';
import { openFolderBlobs } from '../blobs/folder.ts';
import { accepted, committed, jobArchived, jobCreated, jobId } from '../store/sample-facts.ts';
import { openFileStore } from '../store/store.ts';
import { unitsIn } from '../store/store-world.ts';

const { data, start } = openTestPrograms();
const JOBS = [1, 2];
const SHARDS = 200;
/** After so many lines each process is killed; the last one ends by itself. */
const KILLED_AFTER = [1, 2, 3, 5, 8, 6, 11, 4, 7, 9, 14];

/** Runs `use` on the data folder, as a hub that starts after a kill. */
async function withStore<T>(use: (world: Awaited<ReturnType<typeof openWorld>>) => Promise<T>) {
  const world = await openWorld();
  try {
    return await use(world);
  } finally {
    await world.store.close();
  }
}

async function openWorld() {
  const blobs = await openFolderBlobs(join(data, 'blobs'));
  return { blobs, store: await openFileStore(join(data, 'hub.db'), { blobs }) };
}

/** A digest of all results, after a sweep of what no fact names. */
const readAll = () =>
  withStore(async ({ store, blobs }) => {
    await blobs.sweep(store.namesBlob, -1);
    const digest = createHash('sha256');
    for (const job of JOBS) {
      const results = await store.results(jobId(job), unitsIn(0, 2 * SHARDS));
      expect(results).toHaveLength(SHARDS);
      for (const { outputs } of results) digest.update(outputs);
    }
    return digest.digest('hex');
  });

/** Moves outputs in a process that is killed after so many lines; answers what it said last. */
async function moveAndKill(lines: number): Promise<string> {
  const { child } = start('hub/edge/segments/keep-kill-target.ts', data);
  let [said, last] = [0, ''];
  for await (const line of createInterface({ input: child.stdout })) {
    last = line;
    said += 1;
    if (said === lines) child.kill('SIGKILL');
  }
  return last;
}

test('outputs are all there after kill -9 at any moment of their move, and it ends at last', async () => {
  await withStore(async ({ store }) => {
    await store.append(JOBS.map(jobCreated));
    for (let index = 0; index < SHARDS; index += 1) {
      const facts = JOBS.flatMap((job) => {
        const choice = { index: JOBS.length * index + job, job, firstUnit: 2 * index };
        return [committed(choice), accepted(choice, 60_000 + index)];
      });
      await store.append(facts);
    }
    await store.append(JOBS.map(jobArchived));
  });
  const before = await readAll();
  for (const lines of KILLED_AFTER) {
    await moveAndKill(lines);
    expect(await readAll()).toBe(before);
  }
  expect(await moveAndKill(0)).toBe('done');
  expect(await readAll()).toBe(before);
  expect(await withStore(({ store }) => store.outputRows.due(0))).toBeUndefined();
}, 120_000);
