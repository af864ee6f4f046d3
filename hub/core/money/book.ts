import type { LeafFileView, PayoutView } from '#protocol/settlement/money-api.ts';
import type { JobId } from '#protocol/values/ids.ts';
import type { MoneyFact } from '../state/facts.ts';
import type { Hub } from '../state/hub.ts';
import type { Job, KeptShard } from '../state/job.ts';
import type { EndedJob, MoneyBook } from '../state/money.ts';
import { isGuarded } from '../state/questions.ts';
import type { Ranges } from '../state/ranges.ts';
import { recordOf } from '../trust/device-record.ts';

/** Leaf files in memory: all that verifiers may leave of sixteen periods. */
const FILES_KEPT = 1_024;

/** What a hub without money facts knows. */
export const openMoneyBook = (): MoneyBook => ({
  funded: new Map(),
  closed: 0,
  endedCount: 0,
  endedOf: new Map(),
  earned: new Map(),
  nextPayout: 0,
  files: new Map(),
});

/** What the hub knows of money changes with a fact. */
export function noteMoney(hub: Hub, fact: MoneyFact): void {
  switch (fact.type) {
    case 'job-funded':
      return noteFunding(hub, fact.job, fact.funding);
    case 'job-moved':
      if (fact.state === 'done' || fact.state === 'cancelled') noteEnd(hub, fact.job);
      return;
    case 'payout-linked':
      return notePayout(hub, fact.payout);
    case 'job-closing':
      return noteClosing(hub, fact.job);
    case 'leaf-file':
      return noteFile(hub, fact.file);
  }
}

function noteFunding(hub: Hub, id: JobId, funding: NonNullable<Job['funding']>): void {
  const job = hub.jobs.get(id);
  if (job !== undefined) job.funding = funding;
  hub.money.funded.set(id, funding);
}

/** Shards that were being accepted when their job was cancelled came to disk before its end did. */
function noteEnd(hub: Hub, id: JobId): void {
  const { jobs, money } = hub;
  const job = jobs.get(id);
  if (job?.funding === undefined || job.startedAt === undefined) return;
  if (job.endedAt === undefined) return;
  const shards = [...job.shards.values()].filter((kept) => isGivenOut(job, kept)).sort(bySequence);
  money.endedCount += 1;
  const ended: EndedJob = { number: money.endedCount, job, endedAt: job.endedAt, shards };
  money.endedOf.set(id, ended);
  const devices = new Set(shards.map(({ device }) => device));
  for (const kept of shards) {
    const earned = money.earned.get(kept.device) ?? [];
    money.earned.set(kept.device, earned);
    earned.push(kept);
  }
  for (const device of devices) money.earned.get(device)?.sort(bySequence);
}

/** A job is archived: what it paid is read from the store. */
export function forgetEarned({ money }: Hub, id: JobId): void {
  const ended = money.endedOf.get(id);
  money.endedOf.delete(id);
  for (const device of new Set(ended?.shards.map((kept) => kept.device))) {
    const others = money.earned.get(device)?.filter((kept) => kept.job !== id) ?? [];
    if (others.length > 0) money.earned.set(device, others);
    else money.earned.delete(device);
  }
}

/** The units of a job that was funded and has ended that earn. */
export const earningRuns = (job: Job): Ranges['runs'] =>
  job.state === 'done' || !isGuarded(job)
    ? [{ first: 0, end: job.record.units }]
    : job.released.runs;

const bySequence = (a: KeptShard, b: KeptShard) => a.sequence - b.sequence;

/** Whether the results of a job that has ended could be read: all of one that is done. */
const isGivenOut = (job: Job, { firstUnit, unitCount }: KeptShard): boolean =>
  earningRuns(job).some(({ first, end }) => first <= firstUnit && firstUnit + unitCount <= end);

function notePayout(hub: Hub, payout: PayoutView): void {
  const { device, recipient, at } = payout.record;
  const record = recordOf(hub, device);
  record.payouts += 1;
  record.recipient = recipient;
  record.payoutAt = at;
  hub.money.nextPayout = Math.max(hub.money.nextPayout, payout.index + 1);
}

function noteClosing({ money }: Hub, job: JobId): void {
  if (money.funded.delete(job)) money.closed += 1;
}

function noteFile({ money: { files } }: Hub, { dataHash, period }: LeafFileView): void {
  files.set(dataHash, period);
  const [oldest] = files.keys();
  if (files.size > FILES_KEPT && oldest !== undefined) files.delete(oldest);
}
