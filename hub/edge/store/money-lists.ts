import type { EarningShardView, EndedJobView } from '#protocol/settlement/money-api.ts';
import type { JobId, PublicKey } from '#protocol/values/ids.ts';
import {
  type Hub,
  listEarned,
  listEarning,
  listEnded,
  type PageRange,
  viewShard,
} from '../../core/hub.ts';
import type { Store } from './port.ts';

interface Lists {
  hub: Hub;
  store: Pick<Store, 'endedJobs' | 'earningsOf'>;
}

/** Funded jobs that have ended, in memory and archived, by number. */
export const readEndedJobs = ({ hub, store }: Lists, range: PageRange): Promise<EndedJobView[]> =>
  join(listEnded(hub, range), store.endedJobs(range.from, range.limit), {
    range,
    place: ({ number }) => number,
  });

/** Earning shards of a funded job that has ended, by sequence; undefined for any other job. */
export async function readEarning(
  { hub, store }: Lists & { store: Pick<Store, 'endedJob'> },
  job: JobId,
  range: PageRange,
): Promise<EarningShardView[] | undefined> {
  const inMemory = listEarning(hub, job, range);
  if (inMemory !== undefined) return inMemory;
  if ((await store.endedJob(job)) === undefined) return undefined;
  return (await store.earningsOf({ job }, range.from, range.limit)).map(viewShard);
}

/** Earning shards of a device, of jobs that have ended, by sequence. */
export const readEarned = (
  { hub, store }: Lists,
  device: PublicKey,
  range: PageRange,
): Promise<EarningShardView[]> =>
  join(
    listEarned(hub, device, range),
    store.earningsOf({ device }, range.from, range.limit).then((found) => found.map(viewShard)),
    { range, place: ({ sequence }) => sequence },
  );

/**
 * One list of what memory had first and the store has then: a job that is archived in between is in
 * both, and in neither of them never.
 */
async function join<T>(
  inMemory: readonly T[],
  inStore: Promise<readonly T[]>,
  { range, place }: { range: PageRange; place(item: T): number },
): Promise<T[]> {
  const all = new Map([...inMemory, ...(await inStore)].map((item) => [place(item), item]));
  return [...all.entries()]
    .sort(([one], [other]) => one - other)
    .slice(0, range.limit)
    .map(([, item]) => item);
}
