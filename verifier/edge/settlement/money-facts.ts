import type * as v from 'valibot';
import type { MoneyFacts } from '#protocol/settlement/epoch-leaves.ts';
import {
  ClosingPage,
  type ClosingView,
  ConvictionPage,
  type ConvictionView,
  EarningShardPage,
  type EarningShardView,
  EndedJobPage,
  type EndedJobView,
  MONEY_PAGE_MAX,
  PayoutPage,
  type PayoutView,
} from '#protocol/settlement/money-api.ts';
import type { JobId } from '#protocol/values/ids.ts';
import { ask, readPages } from '../ask.ts';
import type { HubHttp } from '../http.ts';

/** The money facts of a hub. Lists are append-only, so only what is new is read again. */
export interface MoneyReader {
  read(): Promise<MoneyFacts>;
}

/** Keeps in memory what it has read: about 300 bytes for each shard that earned. */
export function openMoneyReader(http: HubHttp): MoneyReader {
  const jobs: EndedJobView[] = [];
  const payouts: PayoutView[] = [];
  const closings: ClosingView[] = [];
  const shards = new Map<JobId, EarningShardView[]>();
  const next = { jobs: 0, payouts: 0, closings: 0 };
  const path = (list: string, after: number) =>
    `/v1/log/${list}?after=${after}&limit=${MONEY_PAGE_MAX}`;
  return {
    async read() {
      // Kept page by page, each whole: a failure in between loses nothing and doubles nothing.
      await readPages(next.jobs, async (after) => {
        const page = await ask(http, EndedJobPage, path('jobs', after));
        for (const job of page.jobs) shards.set(job.id, await readShards(http, job));
        jobs.push(...page.jobs);
        next.jobs = page.next;
        return page.next;
      });
      await readPages(next.payouts, async (after) => {
        const page = await ask(http, PayoutPage, path('payouts', after));
        payouts.push(...page.payouts);
        next.payouts = page.next;
        return page.next;
      });
      await readPages(next.closings, async (after) => {
        const page = await ask(http, ClosingPage, path('closings', after));
        closings.push(...page.closings);
        next.closings = page.next;
        return page.next;
      });
      // One may be pardoned later: these few are read whole.
      const convictions: ConvictionView[] = [];
      await readPages(0, async (after) => {
        const page = await ask(http, ConvictionPage, path('convictions', after));
        convictions.push(...page.convictions);
        return page.next;
      });
      return { jobs, shards: [...shards.values()].flat(), payouts, convictions, closings };
    },
  };
}

async function readShards(
  http: HubHttp,
  { id, shards: expected }: EndedJobView,
): Promise<EarningShardView[]> {
  const found: v.InferOutput<typeof EarningShardPage>['shards'] = [];
  await readPages(0, async (from) => {
    const path = `/v1/log/jobs/${id}/shards?from=${from}&limit=${MONEY_PAGE_MAX}`;
    const page = await ask(http, EarningShardPage, path);
    found.push(...page.shards);
    return page.next;
  });
  if (found.length === expected) return found;
  throw new Error(`the hub names ${expected} shards of ${id} and gives ${found.length}`);
}
