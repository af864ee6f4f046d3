import type { AcceptedShard } from '#protocol/records/records.ts';
import type {
  Address,
  BanView,
  ClosingView,
  DevicePay,
  EarningShardView,
  EndedJobView,
  LeafFileView,
  PayoutView,
} from '#protocol/settlement/money-api.ts';
import type { Digest, JobId, PublicKey, Root } from '#protocol/values/ids.ts';
import type { Hub } from '../state/hub.ts';
import type { KeptShard } from '../state/job.ts';
import type { EndedJob } from '../state/money.ts';

/** Where a page begins, and how long it may be. */
export interface PageRange {
  /** The last number that is known, or the first sequence that is not. */
  from: number;
  limit: number;
}

/** Items whose number is their place, counted from 1. */
const page = <T>(items: readonly T[], { from, limit }: PageRange): T[] =>
  items.slice(from, from + limit);

/** Those in memory whose number is above `from`. */
export const listEnded = ({ money }: Hub, { from, limit }: PageRange): EndedJobView[] =>
  [...money.endedOf.values()]
    .filter(({ number }) => number > from)
    .slice(0, limit)
    .flatMap(viewEnded);
/** A funded job in memory that has ended. */
export const endedJobOf = ({ money }: Hub, id: JobId): EndedJobView | undefined =>
  viewEnded(money.endedOf.get(id))[0];
export const listBans = ({ money }: Hub, range: PageRange): BanView[] => page(money.bans, range);
/** The newest ban of a device. */
export const ledgerBanOf = ({ money }: Hub, device: PublicKey): BanView | undefined =>
  money.bans.findLast((ban) => ban.device === device);
export const listClosings = ({ money }: Hub, range: PageRange): ClosingView[] =>
  page(money.closings, range);

/** An index may be missing: that of a link which never came to disk. */
export const listPayouts = ({ money }: Hub, { from, limit }: PageRange): PayoutView[] =>
  money.payouts.filter(({ index }) => index >= from).slice(0, limit);

/** Funded jobs whose money is not closed yet. */
export const listFunded = ({ money }: Hub): { job: JobId; poster: Address }[] =>
  [...money.funded].map(([job, { poster }]) => ({ job, poster }));
/** Whether any job ever had money. */
export const hasFunded = ({ money }: Hub): boolean =>
  money.funded.size > 0 || money.closings.length > 0;
/** The newest one of a device. */
export const payoutOf = ({ money }: Hub, device: PublicKey): PayoutView | undefined =>
  money.payoutsOf.get(device)?.at(-1);

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

/** What else the hub says of a device's pay, where it earned in these jobs. */
export const viewPay = (
  { money }: Hub,
  device: PublicKey,
  jobs: readonly JobId[],
): Pick<DevicePay, 'bans' | 'payouts' | 'closings'> => ({
  bans: money.bans.filter((ban) => ban.device === device),
  payouts: money.payoutsOf.get(device) ?? [],
  closings: jobs.flatMap((id) => money.closingOf.get(id) ?? []),
});

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

/** Newest first. */
export const listFiles = ({ money }: Hub, limit: number): LeafFileView[] =>
  money.files
    .slice(-limit)
    .reverse()
    .map(({ file }) => file);
export const leafFileOf = (
  { money }: Hub,
  dataHash: Digest,
): { file: LeafFileView; root: Root } | undefined => money.fileOf.get(dataHash);
