import { buffer } from 'node:stream/consumers';
import type { HubClient } from '#client/client.ts';
import { readJob } from '#client/jobs.ts';
import { readBans, readEarningShards } from '#client/money-facts.ts';
import { readShardPage } from '#client/public-log.ts';
import { readReceipts } from '#client/receipts.ts';
import { streamResults } from '#client/results.ts';
import type { JobView } from '#protocol/api/job.ts';
import type { JobId } from '#protocol/values/ids.ts';
import { must } from '#protocol/values/refusal.ts';

interface Run {
  sequence: number;
  firstUnit: number;
  unitCount: number;
}

/** What of the acknowledged jobs is lost, or counted twice; a sentence for each. */
export async function findFaults(api: HubClient, ids: readonly JobId[]): Promise<string[]> {
  const faults = await findBans(api);
  const logged = await readLog(api);
  let first: Buffer | undefined;
  for (const id of ids) {
    const job = must(await readJob(api, id));
    const { units, accepted, mismatched, state } = job;
    if (state !== 'done' || accepted !== units || mismatched > 0) {
      faults.push(`${id}: ${state}, ${accepted} of ${units} units, ${mismatched} mismatches`);
    }
    const results = await readResults(api, job);
    first ??= results;
    if (!results.equals(first)) faults.push(`${id}: results differ from those of the first job`);
    const receipts = must(await readReceipts(api, id)).map(({ shard }) => shard);
    faults.push(...coverFaults(`${id}: receipts`, receipts, units));
    faults.push(...coverFaults(`${id}: the public log`, logged.get(id) ?? [], units));
    const earning = must(await readEarningShards(api, id));
    const paid = new Set(earning.map(({ sequence }) => sequence));
    const owed = earning.reduce((sum, { unitCount }) => sum + unitCount, 0);
    if (paid.size < earning.length || owed !== units) {
      faults.push(`${id}: the ledger counts ${owed} of ${units} units in ${paid.size} shards`);
    }
  }
  return faults;
}

async function findBans(api: HubClient): Promise<string[]> {
  const { items } = must(await readBans(api, 0));
  return items.map(({ device }) => `an honest device was banned: ${device}`);
}

const readResults = async (api: HubClient, { id, items }: JobView): Promise<Buffer> => {
  const range = { format: 'npy', from: 0, to: items } as const;
  return buffer(must(await streamResults(api, { job: id, range })));
};

/** Shards that stand, by job; throws where a sequence or a lease is there twice. */
async function readLog(api: HubClient): Promise<Map<string, Run[]>> {
  const jobs = new Map<string, Run[]>();
  const leases = new Set<string>();
  for (let from = 0; ; ) {
    const { shards } = must(await readShardPage(api, from));
    if (shards.length === 0) return jobs;
    for (const { shard, voided } of shards) {
      if (shard.sequence < from || leases.has(shard.lease)) {
        throw new Error(`the public log has shard ${shard.sequence} twice`);
      }
      from = shard.sequence + 1;
      leases.add(shard.lease);
      if (voided) continue;
      jobs.set(shard.job, [...(jobs.get(shard.job) ?? []), shard]);
    }
  }
}

/** Where runs do not cover all units exactly once. */
function coverFaults(where: string, runs: readonly Run[], units: number): string[] {
  let next = 0;
  for (const { firstUnit, unitCount } of [...runs].sort((a, b) => a.firstUnit - b.firstUnit)) {
    if (firstUnit !== next)
      return [`${where}: unit ${Math.min(next, firstUnit)} is not there once`];
    next += unitCount;
  }
  return next === units ? [] : [`${where}: ${next} of ${units} units`];
}
