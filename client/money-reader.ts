import type {
  BanView,
  ClosingView,
  EarningShardView,
  EndedJobView,
  PayoutView,
} from '#protocol/settlement/money-api.ts';
import type { MoneyFacts } from '#protocol/settlement/period-leaves.ts';
import type { JobId } from '#protocol/values/ids.ts';
import { accept, must, type Result, refuse } from '#protocol/values/refusal.ts';
import type { HubClient } from './client.ts';
import {
  type FactPage,
  readBans,
  readClosings,
  readEarningShards,
  readEndedJobs,
  readPayouts,
} from './money-facts.ts';
import { readPages } from './pages.ts';

/** The money facts of a hub. Lists are append-only, so only what is new is read again. */
export interface MoneyReader {
  read(): Promise<MoneyFacts>;
}

/** Keeps in memory what it has read: about 300 bytes for each shard that earned. */
export function openMoneyReader(
  client: HubClient,
  onJob?: (done: number, all: number) => void,
): MoneyReader {
  const jobs: EndedJobView[] = [];
  const payouts: PayoutView[] = [];
  const closings: ClosingView[] = [];
  const shards = new Map<JobId, EarningShardView[]>();
  const readers = {
    jobs: openList(jobs, async (after) => {
      const page = await readEndedJobs(client, after);
      if (!page.ok) return page;
      const { items } = page.value;
      for (const [done, job] of items.entries()) {
        onJob?.(jobs.length + done, jobs.length + items.length);
        const found = await readShards(client, job);
        if (!found.ok) return found;
        shards.set(job.id, found.value);
      }
      return page;
    }),
    payouts: openList(payouts, (after) => readPayouts(client, after)),
    closings: openList(closings, (after) => readClosings(client, after)),
  };
  return {
    async read() {
      await readers.jobs();
      await readers.payouts();
      await readers.closings();
      // One may be pardoned later: these few are read whole.
      const bans: BanView[] = [];
      await openList(bans, (after) => readBans(client, after))();
      return { jobs, shards: [...shards.values()].flat(), payouts, bans, closings };
    },
  };
}

/** Reads what is new of a list, page by page, each whole: a failure loses and doubles nothing. */
function openList<T>(
  known: T[],
  readPage: (after: number) => Promise<Result<FactPage<T>>>,
): () => Promise<void> {
  let next = 0;
  return async () => {
    const all = await readPages(next, async (after) => {
      const page = await readPage(after);
      if (!page.ok) return page;
      for (const item of page.value.items) known.push(item);
      next = page.value.next;
      return accept(next);
    });
    must(all);
  };
}

async function readShards(
  client: HubClient,
  { id, shards: expected }: EndedJobView,
): Promise<Result<EarningShardView[]>> {
  const found = await readEarningShards(client, id);
  if (!found.ok || found.value.length === expected) return found;
  const message = `the hub names ${expected} shards of ${id} and gives ${found.value.length}`;
  return refuse('leaves-conflict', message);
}
