import { expect, test } from 'vitest';
import { openTestFolder } from '#node/test-folder.ts';
import { accept, refuse } from '#protocol/values/refusal.ts';
import { instant } from '#protocol/values/units.ts';
import { openFolderBlobs } from '../blobs/folder.ts';
import type { HubLoop } from '../loop.ts';
import { openLog } from '../process/log.ts';
import { accepted, jobArchived, jobId } from '../store/sample-facts.ts';
import { openMemoryStore } from '../store/store.ts';
import { unitsIn } from '../store/store-world.ts';
import { openOutputKeeper } from './keeper.ts';

const folder = openTestFolder();
const WAITS = { lookMs: 1, pauseMs: 0, retryMs: 1 };

/** Two jobs that are archived, and what a keeper of their outputs needs. */
async function openKept() {
  const blobs = await openFolderBlobs(folder);
  const store = await openMemoryStore(blobs);
  await store.append([1, 2].map((job) => accepted({ index: job, job }, 100_000)));
  await store.append([1, 2].map(jobArchived));
  const kept: string[] = [];
  const command: HubLoop['command'] = async (said) => {
    if (said.type !== 'keep-outputs') throw new Error('the keeper says something else');
    const { job, segment } = said;
    const fact = { type: 'outputs-kept', job, at: instant(9) } as const;
    await store.append([segment === undefined ? fact : { ...fact, segment }]);
    kept.push(`${job} ${segment === undefined ? 'ends' : segment.shards}`);
    return accept(null);
  };
  return { blobs, store, kept, ports: { store, blobs, loop: { command }, log: openLog('silent') } };
}

test('a keeper moves the outputs of a job that failed after those of the others', async () => {
  const { blobs, store, kept, ports } = await openKept();
  const before = await store.results(jobId(1), unitsIn(0, 9));
  let puts = 0;
  const put: typeof blobs.put = async (...given) => {
    puts += 1;
    return puts === 1 ? refuse('disk-full', 'the disk is full') : blobs.put(...given);
  };
  const end = openOutputKeeper({ ...ports, blobs: { ...blobs, put } }, WAITS);
  await expect.poll(() => kept.length).toBe(4);
  const [one, two] = [jobId(1), jobId(2)];
  expect(kept).toEqual([`${two} 1`, `${two} ends`, `${one} 1`, `${one} ends`]);
  await store.append([accepted({ index: 3, job: 3 }), jobArchived(3)]);
  await expect.poll(() => kept.at(-1)).toBe(`${jobId(3)} ends`);
  await end();
  expect(await store.results(one, unitsIn(0, 9))).toEqual(before);
});

test('a keeper ends at once, though its fact waits for the disk', async () => {
  const { store, ports } = await openKept();
  let waiting = 0;
  const command: HubLoop['command'] = () => {
    waiting += 1;
    return new Promise(() => undefined);
  };
  const end = openOutputKeeper({ ...ports, loop: { command } }, WAITS);
  await expect.poll(() => waiting).toBe(1);
  await end();
  expect(await store.outputRows.due(0)).toMatchObject({ id: jobId(1) });
});
