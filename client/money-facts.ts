import type * as v from 'valibot';
import {
  BanPage,
  type BanView,
  ClosingPage,
  type ClosingView,
  DevicePay,
  EarningShardPage,
  type EarningShardView,
  EndedJobPage,
  type EndedJobView,
  MONEY_PAGE_MAX,
  PayoutPage,
  type PayoutView,
} from '#protocol/settlement/money-api.ts';
import type { JobId, PublicKey } from '#protocol/values/ids.ts';
import { accept, type Result } from '#protocol/values/refusal.ts';
import type { HubClient } from './client.ts';
import { readList } from './pages.ts';

/**
 * Public lists about money grow and never change: each is read from where the last reading ended.
 */
export interface FactPage<T> {
  items: readonly T[];
  next: number;
}

type ReadFacts<T> = (hub: HubClient, after: number) => Promise<Result<FactPage<T>>>;

const pageOf =
  <S extends v.GenericSchema<unknown, { next: number }>, T>(
    list: string,
    schema: S,
    itemsOf: (page: v.InferOutput<S>) => readonly T[],
  ): ReadFacts<T> =>
  async (hub, after) => {
    const path = `/v1/log/${list}?after=${after}&limit=${MONEY_PAGE_MAX}`;
    const page = await hub.ask(schema, path);
    if (!page.ok) return page;
    return accept({ items: itemsOf(page.value), next: page.value.next });
  };

/** Funded jobs that have ended. */
export const readEndedJobs: ReadFacts<EndedJobView> = pageOf(
  'jobs',
  EndedJobPage,
  (page) => page.jobs,
);
/** Where devices want their pay. */
export const readPayouts: ReadFacts<PayoutView> = pageOf(
  'payouts',
  PayoutPage,
  (page) => page.payouts,
);
/** Devices that were banned. */
export const readBans: ReadFacts<BanView> = pageOf('bans', BanPage, (page) => page.bans);
/** Jobs whose money is held no longer. */
export const readClosings: ReadFacts<ClosingView> = pageOf(
  'closings',
  ClosingPage,
  (page) => page.closings,
);

/** All shards that earn of one ended job. */
export const readEarningShards = (
  hub: HubClient,
  job: JobId,
): Promise<Result<EarningShardView[]>> =>
  readList(0, async (from) => {
    const path = `/v1/log/jobs/${job}/shards?from=${from}&limit=${MONEY_PAGE_MAX}`;
    const page = await hub.ask(EarningShardPage, path);
    if (!page.ok) return page;
    return accept({ items: page.value.shards, next: page.value.next });
  });

/** A page of all public facts about the pay of one device. */
export const readPayPage = (
  hub: HubClient,
  { device, from }: { device: PublicKey; from: number },
) => hub.ask(DevicePay, `/v1/devices/${device}/pay?from=${from}&limit=${MONEY_PAGE_MAX}`);
