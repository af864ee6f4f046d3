import { expect, it } from 'vitest';
import type { Address, EndedJobView } from '#protocol/settlement/money-api.ts';
import type { Root } from '#protocol/values/ids.ts';
import { why } from '#protocol/values/reason.ts';
import { instant, lamports } from '#protocol/values/units.ts';
import type { Earned, Fact } from '../../core/state/facts.ts';
import {
  accepted,
  acceptedShard,
  committed,
  jobArchived,
  jobCreated,
  jobId,
  keyOf,
  manifestOf,
} from './sample-facts.ts';
import { type StoreWorld, unitsIn } from './store-world.ts';

const at = instant(5_000);
const archived = (job: number, earned?: Earned): Fact => ({
  ...jobArchived(job),
  ...(earned === undefined ? {} : { earned }),
});

/** Jobs that left the state, and the list of all jobs. */
export function checkArchive(open: () => Promise<StoreWorld>): void {
  it('gives what was said of an archived job as a whole, in order', async () => {
    const { store } = await open();
    const facts: Fact[] = [
      jobCreated(1),
      { type: 'job-packaged', job: jobId(1), manifest: manifestOf(1) },
      {
        type: 'job-moved',
        ...{ job: jobId(1), state: 'running', reason: why('posted', {}), at },
      },
    ];
    await store.append([...facts, jobCreated(2), accepted({ index: 1, job: 1 })]);
    expect(await store.archived(jobId(1))).toEqual([]);
    await store.append([archived(1)]);
    expect(await store.archived(jobId(1))).toEqual([...facts, archived(1)]);
    expect(await store.archived(jobId(2))).toEqual([]);
    expect(await store.archived(jobId(3))).toEqual([]);
  });

  it('lists jobs from the newest, page by page', async () => {
    const { store } = await open();
    await store.append([jobCreated(1), jobCreated(2), archived(1)]);
    await store.append([jobCreated(3)]);
    const page = async (before: number) =>
      (await store.jobs(before, 2)).map(({ number, id }) => [number, id]);
    expect(await page(1_000)).toEqual([
      [3, jobId(3)],
      [2, jobId(2)],
    ]);
    expect(await page(2)).toEqual([[1, jobId(1)]]);
    expect(await page(1)).toEqual([]);
  });

  it('finds jobs by a part of their names', async () => {
    const { store } = await open();
    const named = (job: number, name: string): Fact => {
      const fact = jobCreated(job);
      return fact.type === 'job-created' ? { ...fact, record: { ...fact.record, name } } : fact;
    };
    await store.append([named(1, 'Cats, 100 %'), named(2, 'dogs'), named(3, 'more cats_')]);
    const find = async (part: string) =>
      (await store.jobs(1_000, 9, { named: part })).map(({ number }) => number);
    expect(await find('CATS')).toEqual([3, 1]);
    expect(await find('%')).toEqual([1]);
    expect(await find('_')).toEqual([3]);
    expect(await find('birds')).toEqual([]);
  });

  it('loads what is behind a fact, and knows its newest fact', async () => {
    const { store } = await open();
    expect(await store.tip()).toBeUndefined();
    await store.append([jobCreated(1), jobCreated(2)]);
    const tip = await store.tip();
    expect(tip?.number).toBe(2);
    await store.append([jobCreated(3)]);
    const later = [];
    for await (const page of store.load(tip?.number)) later.push(page);
    expect(later).toEqual([{ number: 3, facts: [jobCreated(3)] }]);
    const has = (change: object) => store.hasTip({ number: 2, digest: '', ...tip, ...change });
    expect(await Promise.all([has({}), has({ number: 1 }), has({ digest: '' })])).toEqual([
      ...[true, false, false],
    ]);
  });

  it('tells what shards of archived jobs earned: those that stand, in runs that earn', async () => {
    const { store } = await open();
    const shards = [0, 1, 2, 3].map((index) =>
      accepted({ index, sequence: index, job: 1, firstUnit: 2 * index, unitCount: 2 }),
    );
    await store.append([jobCreated(1), jobCreated(2), ...shards]);
    await store.append([{ type: 'voided', sequence: 1, job: jobId(1), at }]);
    const view = (number: number, job: number): EndedJobView => ({
      ...{ number, id: jobId(job), unitPrice: lamports(5n), escrowIndex: 1, endedAt: at },
      ...{ escrow: 'E'.repeat(43) as Address, shards: 2 },
    });
    const runs = [{ first: 0, end: 7 }];
    await store.append([archived(1, { view: view(2, 1), runs })]);
    await store.append([archived(2, { view: view(1, 2), runs: [] })]);
    expect(await store.endedJobs(0, 9)).toEqual([view(1, 2), view(2, 1)]);
    expect(await store.endedJobs(0, 1)).toEqual([view(1, 2)]);
    expect(await store.endedJobs(1, 9)).toEqual([view(2, 1)]);
    expect(await store.endedJob(jobId(1))).toEqual(view(2, 1));
    expect(await store.endedJob(jobId(3))).toBeUndefined();
    const sequences = async (...asked: Parameters<typeof store.earningsOf>) =>
      (await store.earningsOf(...asked)).map(({ sequence }) => sequence);
    expect(await sequences({ job: jobId(1) }, 0, 9)).toEqual([0, 2]);
    expect(await sequences({ job: jobId(1) }, 1, 9)).toEqual([2]);
    expect(await sequences({ job: jobId(2) }, 0, 9)).toEqual([]);
    const { device } = acceptedShard({ index: 0, job: 1 });
    expect(await sequences({ device }, 0, 1)).toEqual([0]);
    expect(await sequences({ device: keyOf(99) }, 0, 9)).toEqual([]);
  });

  it('removes outputs and names of blobs of a job whose time is over', async () => {
    const { store } = await open();
    const shard = accepted({ index: 1, sequence: 1, job: 1 });
    await store.append([jobCreated(1), jobCreated(2), committed({ index: 1 }), shard]);
    await store.append([archived(1), archived(2)]);
    const expired = (now: number) => store.expired(instant(now), 9);
    expect(await Promise.all([5_000, 5_001, 5_002].map(expired))).toEqual([
      [],
      [jobId(1)],
      [jobId(1), jobId(2)],
    ]);
    expect(await store.expired(instant(5_002), 1)).toEqual([jobId(1)]);
    const { record } = jobCreated(1);
    const removed: Fact = { type: 'data-removed', job: jobId(1), at };
    await store.append([removed, removed]);
    expect(await expired(5_002)).toEqual([jobId(2)]);
    expect((await store.archived(jobId(1))).at(-1)).toEqual(removed);
    expect(await store.results(jobId(1), unitsIn(0, 9))).toEqual([]);
    expect(await store.receipts(jobId(1), 0, 9)).toHaveLength(1);
    // The second job still names the same blobs.
    expect(await store.namesBlob(record.inputs.root)).toBe(true);
    await store.append([{ type: 'data-removed', job: jobId(2), at }]);
    expect(await store.namesBlob(record.inputs.root)).toBe(false);
  });

  it('knows which blobs its jobs name', async () => {
    const { store } = await open();
    const manifest = manifestOf(1);
    const [answer] = manifest.knownAnswers;
    const { record } = jobCreated(1);
    const named = [record.inputs, record.inputDigests, record.draft.file].map(({ root }) => root);
    const names = (roots: readonly Root[]) => Promise.all(roots.map(store.namesBlob));
    expect(await names(named)).toEqual([false, false, false]);
    await store.append([jobCreated(1)]);
    expect(await names(named)).toEqual([true, true, true]);
    const answers = [answer?.inputs.root, answer?.outputs.root] as Root[];
    expect(await names(answers)).toEqual([false, false]);
    await store.append([{ type: 'job-packaged', job: jobId(1), manifest }]);
    expect(await names(answers)).toEqual([true, true]);
  });
}
