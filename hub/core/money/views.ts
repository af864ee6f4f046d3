import type { AcceptedShard } from '#protocol/records/records.ts';
import type { Address, EarningShardView, EndedJobView } from '#protocol/settlement/money-api.ts';
import type { JobId, PublicKey } from '#protocol/values/ids.ts';
import type { Hub } from '../state/hub.ts';
import type { KeptShard } from '../state/job.ts';
import type { EndedJob } from '../state/money.ts';

/** Where a page begins, and how long it may be. */
export interface PageRange {
  /** The last number that is known, or the first sequence that is not. */
  from: number;
  limit: number;
}

/** Those in memory whose number is above `from`. */
export const listEnded = ({ money }: Hub, { from, limit }: PageRange): EndedJobView[] =>
  [...money.endedOf.values()]
    .filter(({ number }) => number > from)
    .slice(0, limit)
    .flatMap(viewEnded);
/** A funded job in memory that has ended. */
export const endedJobOf = ({ money }: Hub, id: JobId): EndedJobView | undefined =>
  viewEnded(money.endedOf.get(id))[0];
/** Funded jobs whose money is not closed yet. */
export const listFunded = ({ money }: Hub): { job: JobId; poster: Address }[] =>
  [...money.funded].map(([job, { poster }]) => ({ job, poster }));
/** Whether any job ever had money. */
export const hasFunded = ({ money }: Hub): boolean => money.funded.size > 0 || money.closed > 0;
/** Earning shards of a job in memory that has ended; undefined for any other. */
export function listEarning(
  { money }: Hub,
  id: JobId,
  range: PageRange,
): EarningShardView[] | undefined {
  const ended = money.endedOf.get(id);
  return ended && pageShards(ended.shards, range);
}

/** Earning shards of a device, of jobs in memory that have ended. */
export const listEarned = (
  { money }: Hub,
  device: PublicKey,
  range: PageRange,
): EarningShardView[] => pageShards(money.earned.get(device) ?? [], range);

const pageShards = (shards: readonly KeptShard[], { from, limit }: PageRange): EarningShardView[] =>
  shards
    .filter(({ sequence }) => sequence >= from)
    .slice(0, limit)
    .map(viewShard);

function viewEnded(ended: EndedJob | undefined): EndedJobView[] {
  if (ended?.job.funding === undefined) return [];
  const { number, endedAt, shards } = ended;
  const { record, funding } = ended.job;
  const { escrow, escrowIndex } = funding;
  const { id, unitPrice } = record;
  return [{ number, id, unitPrice, escrow, escrowIndex, endedAt, shards: shards.length }];
}

/** What pay goes by in an accepted shard. */
export const viewShard = (kept: KeptShard | AcceptedShard): EarningShardView => ({
  sequence: kept.sequence,
  job: kept.job,
  device: kept.device,
  package: kept.package,
  unitCount: kept.unitCount,
  workBefore: kept.workBefore,
  unitCost: kept.unitCost,
  ...(kept.counted === undefined ? {} : { counted: kept.counted }),
  ...(kept.donated === undefined ? {} : { donated: kept.donated }),
});
