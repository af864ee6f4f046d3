import type { BackgroundWishes } from '#protocol/messages/background.ts';
import { type Reason, why } from '#protocol/values/reason.ts';
import type { Lamports } from '#protocol/values/units.ts';

/** What a person was told last. */
export interface Told {
  /** Whether that work waits was told, or nobody was to be told, and it has waited since. */
  work: boolean;
  /** All that was ever settled for the device; absent before it was looked for. */
  settled?: Lamports;
}

/** What a look at the hub found. */
export interface Found {
  jobsWaiting: number;
  settled?: Lamports | undefined;
}

/** What is news to a person who wants to be told so much, and what is told from then on. */
export function findNews(
  { tellsWork, tellsPay }: BackgroundWishes,
  told: Told,
  { jobsWaiting, settled = told.settled }: Found,
): { news: Reason[]; told: Told } {
  const news: Reason[] = [];
  if (tellsWork && jobsWaiting > 0 && !told.work)
    news.push(why('work-waits', { jobs: jobsWaiting }));
  // What was settled before anybody asked is no news.
  const more = BigInt(settled ?? 0) - BigInt(told.settled ?? settled ?? 0);
  if (tellsPay && more > 0n) news.push(why('pay-settled', { lamports: `${more}` as Lamports }));
  return {
    news,
    told: { work: jobsWaiting > 0, ...(settled !== undefined && { settled }) },
  };
}
