import type { SignedEpoch } from '#protocol/records/epoch.ts';
import {
  EpochPage,
  LOG_PAGE_MAX,
  LogEntryPage,
  type LoggedCommitment,
  SHARD_PAGE_MAX,
  ShardPage,
} from '#protocol/records/public-log.ts';
import { SignedTreeHead } from '#protocol/records/records.ts';
import { accept, type Result } from '#protocol/values/refusal.ts';
import type { CallOptions, HubClient } from './client.ts';
import { readList } from './pages.ts';

/** A shard has a digest for each of its units, 64 digits each. */
const SHARD_PAGE_BYTES_MAX = 512 * 1024 ** 2;

/** The log of commitments as it is now. */
export const readLogHead = (hub: HubClient, options?: CallOptions) =>
  hub.ask(SignedTreeHead, '/v1/log/head', options);

/** The first `size` entries of the log of commitments; fewer when the hub gives no more. */
export const readLogEntries = (
  hub: HubClient,
  size: number,
  options?: CallOptions,
): Promise<Result<LoggedCommitment[]>> =>
  readList(0, async (from) => {
    const limit = Math.min(LOG_PAGE_MAX, size - from);
    if (limit === 0) return accept({ items: [], next: from });
    const page = await hub.ask(
      LogEntryPage,
      `/v1/log/entries?from=${from}&limit=${limit}`,
      options,
    );
    if (!page.ok) return page;
    const { commitments } = page.value;
    return accept({ items: commitments, next: from + commitments.length });
  });

/** A page of accepted shards by sequence, from `from`, void ones as well. */
export const readShardPage = (hub: HubClient, from: number, options?: CallOptions) =>
  hub.ask(ShardPage, `/v1/log/shards?from=${from}&limit=${SHARD_PAGE_MAX}`, {
    bytesMax: SHARD_PAGE_BYTES_MAX,
    ...options,
  });

/** Epochs opened and seeds revealed, of all verifiers. */
export const readEpochs = (hub: HubClient, options?: CallOptions): Promise<Result<SignedEpoch[]>> =>
  readList(0, async (after) => {
    const page = await hub.ask(EpochPage, `/v1/log/epochs?after=${after}`, options);
    if (!page.ok) return page;
    const items = page.value.epochs.map(({ signed }) => signed);
    return accept({ items, next: page.value.next });
  });
