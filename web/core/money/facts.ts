import type { DevicePay, PayoutView } from '#protocol/settlement/money-api.ts';
import type { MoneyFacts } from '#protocol/settlement/period-leaves.ts';
import type { PublicKey } from '#protocol/values/ids.ts';

/** Before anything is known. */
export const FACTS_NONE: MoneyFacts = {
  jobs: [],
  shards: [],
  bans: [],
  payouts: [],
  closings: [],
};

/** Adds a page of one device's facts; what is there already stays once. */
export const addPay = (facts: MoneyFacts, page: DevicePay): MoneyFacts => ({
  jobs: unite([...facts.jobs, ...page.jobs], ({ number }) => number),
  shards: unite([...facts.shards, ...page.shards], ({ sequence }) => sequence),
  bans: unite([...facts.bans, ...page.bans], ({ number }) => number),
  payouts: unite([...facts.payouts, ...page.payouts], ({ index }) => index),
  closings: unite([...facts.closings, ...page.closings], ({ number }) => number),
});

/** The newest word on each, in the order they first came. */
const unite = <T>(items: readonly T[], nameOf: (item: T) => number): T[] => [
  ...new Map(items.map((item) => [nameOf(item), item])).values(),
];

/** The payout addresses of one device, the newest last. */
export const payoutsOf = ({ payouts }: MoneyFacts, device: PublicKey): PayoutView[] =>
  payouts.filter(({ record }) => record.device === device).sort((a, b) => a.index - b.index);
