import { ReceiptPage } from '#protocol/api/api.ts';
import type { Receipt } from '#protocol/records/records.ts';
import type { JobId, LeaseId } from '#protocol/values/ids.ts';
import { accept, type Result } from '#protocol/values/refusal.ts';
import type { CallOptions, HubClient } from './client.ts';
import { readList } from './pages.ts';

/** The hub signs each receipt it hands out, so a page is an answer of moderate length. */
export const RECEIPTS_A_PAGE = 500;

/** At most `limit` receipts of the shards that end after unit `from`, by first unit. */
export async function readReceiptPage(
  hub: HubClient,
  { job, from, limit = RECEIPTS_A_PAGE }: { job: JobId; from: number; limit?: number },
  options?: CallOptions,
): Promise<Result<Receipt[]>> {
  const path = `/v1/jobs/${job}/receipts?from=${from}&limit=${limit}`;
  const page = await hub.ask(ReceiptPage, path, options);
  return page.ok ? accept(page.value.receipts) : page;
}

/** The receipts of all shards of a job, by first unit. */
export function readReceipts(
  hub: HubClient,
  job: JobId,
  options?: CallOptions,
): Promise<Result<Receipt[]>> {
  const known = new Set<LeaseId>();
  return readList(0, async (from) => {
    const page = await readReceiptPage(hub, { job, from }, options);
    if (!page.ok) return page;
    // Units computed again since the page before may reach over this one's start.
    const items = page.value.filter(({ shard }) => !known.has(shard.lease));
    for (const { shard } of items) known.add(shard.lease);
    const last = page.value.at(-1)?.shard;
    return accept({ items, next: last ? last.firstUnit + last.unitCount : from });
  });
}
