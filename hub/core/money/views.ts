import type {
  Address,
  BanView,
  ClosingView,
  DevicePay,
  EarningShardPage,
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

export const listEnded = ({ money }: Hub, range: PageRange): EndedJobView[] =>
  page(money.ended, range).flatMap(viewEnded);
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
export const listFunded = ({ jobs, money }: Hub): { job: JobId; poster: Address }[] =>
  [...jobs].flatMap(([job, { funding }]) =>
    funding === undefined || money.closingOf.has(job) ? [] : [{ job, poster: funding.poster }],
  );
export const hasFunded = ({ jobs }: Hub): boolean =>
  [...jobs.values()].some(({ funding }) => funding !== undefined);
/** The newest one of a device. */
export const payoutOf = ({ money }: Hub, device: PublicKey): PayoutView | undefined =>
  money.payoutsOf.get(device)?.at(-1);

/** Earning shards of a job that has ended; undefined for any other. */
export function listEarning(hub: Hub, id: JobId, range: PageRange): EarningShardPage | undefined {
  const ended = hub.money.endedOf.get(id);
  return ended && pageShards(ended.shards, range);
}

function pageShards(shards: readonly KeptShard[], { from, limit }: PageRange): EarningShardPage {
  const found = shards.filter(({ sequence }) => sequence >= from).slice(0, limit);
  const last = found.at(-1);
  return { shards: found.map(viewShard), next: last === undefined ? from : last.sequence + 1 };
}

export function viewPay({ money }: Hub, device: PublicKey, range: PageRange): DevicePay {
  const { shards, next } = pageShards(money.earned.get(device) ?? [], range);
  const jobs = [...new Set(shards.map(({ job }) => job))];
  return {
    jobs: jobs.flatMap((id) => money.endedOf.get(id) ?? []).flatMap(viewEnded),
    shards,
    bans: money.bans.filter((ban) => ban.device === device),
    payouts: money.payoutsOf.get(device) ?? [],
    closings: jobs.flatMap((id) => money.closingOf.get(id) ?? []),
    next,
  };
}

function viewEnded({ number, job, endedAt, shards }: EndedJob): EndedJobView[] {
  const { record, funding } = job;
  if (funding === undefined) return [];
  const { escrow, escrowIndex } = funding;
  const { id, unitPrice } = record;
  return [{ number, id, unitPrice, escrow, escrowIndex, endedAt, shards: shards.length }];
}

const viewShard = (kept: KeptShard): EarningShardView => ({
  sequence: kept.sequence,
  job: kept.job,
  device: kept.device,
  package: kept.package,
  unitCount: kept.unitCount,
  standing: kept.standing,
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
