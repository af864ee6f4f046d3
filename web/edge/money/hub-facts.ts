import {
  readBans,
  readClosings,
  readEarningShards,
  readEndedJobs,
  readPayouts,
  readPayPage,
} from '#client/money-facts.ts';
import { readList, readPages } from '#client/pages.ts';
import type { MoneyFacts } from '#protocol/settlement/period-leaves.ts';
import type { PublicKey } from '#protocol/values/ids.ts';
import { accept, type Result } from '#protocol/values/refusal.ts';
import { addPay, FACTS_NONE } from '../../core/money/facts.ts';
import { openHub } from '../hub.ts';

/** All public facts about the pay of one device. */
export async function fetchPay(device: PublicKey): Promise<Result<MoneyFacts>> {
  const hub = openHub();
  let facts = FACTS_NONE;
  const read = await readPages(0, async (from) => {
    const page = await readPayPage(hub, { device, from });
    if (!page.ok) return page;
    facts = addPay(facts, page.value);
    return accept(page.value.next);
  });
  return read.ok ? accept(facts) : read;
}

/** All public facts about money, shard by shard of every funded job that has ended. */
export async function fetchFacts(
  onJobs: (done: number, all: number) => void,
): Promise<Result<MoneyFacts>> {
  const hub = openHub();
  const [jobs, payouts, bans, closings] = await Promise.all([
    readList(0, (after) => readEndedJobs(hub, after)),
    readList(0, (after) => readPayouts(hub, after)),
    readList(0, (after) => readBans(hub, after)),
    readList(0, (after) => readClosings(hub, after)),
  ]);
  if (!jobs.ok) return jobs;
  if (!payouts.ok) return payouts;
  if (!bans.ok) return bans;
  if (!closings.ok) return closings;
  const shards: MoneyFacts['shards'][number][] = [];
  for (const [done, { id }] of jobs.value.entries()) {
    onJobs(done, jobs.value.length);
    const found = await readEarningShards(hub, id);
    if (!found.ok) return found;
    for (const shard of found.value) shards.push(shard);
  }
  return accept({
    jobs: jobs.value,
    shards,
    payouts: payouts.value,
    bans: bans.value,
    closings: closings.value,
  });
}
