import type { PayoutView } from '#protocol/settlement/money-api.ts';
import type { JobId, PublicKey } from '#protocol/values/ids.ts';
import type { Instant } from '#protocol/values/units.ts';
import type { MoneyFact, Pardon } from '../state/facts.ts';
import type { Hub } from '../state/hub.ts';
import type { Job, KeptShard } from '../state/job.ts';
import type { EndedJob, MoneyBook } from '../state/money.ts';
import { isGuarded } from '../state/questions.ts';
import type { Ranges } from '../state/ranges.ts';
import { recordOf } from '../trust/device-record.ts';

/** What a hub without money facts knows. */
export const openMoneyBook = (): MoneyBook => ({
  funded: new Map(),
  endedCount: 0,
  endedOf: new Map(),
  earned: new Map(),
  payouts: [],
  payoutsOf: new Map(),
  nextPayout: 0,
  bans: [],
  banNamed: new Map(),
  closings: [],
  closingOf: new Map(),
  files: [],
  fileOf: new Map(),
});

/** What the hub says of money changes with a fact. */
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
      return noteClosing(hub, fact.job, fact.at);
    case 'banned':
      return noteBan(hub, fact.device, fact.at);
    case 'pardoned':
      return notePardon(hub, fact);
    case 'leaf-file':
      return noteFile(hub, { file: fact.file, root: fact.root });
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
  const { money } = hub;
  const { device, recipient } = payout.record;
  const record = recordOf(hub, device);
  record.payouts += 1;
  record.recipient = recipient;
  money.payouts.push(payout);
  money.payoutsOf.set(device, [...(money.payoutsOf.get(device) ?? []), payout]);
  money.nextPayout = Math.max(money.nextPayout, payout.index + 1);
}

function noteClosing({ money }: Hub, job: JobId, at: Instant): void {
  const closing = { number: money.closings.length + 1, job, at };
  money.closings.push(closing);
  money.funded.delete(job);
  money.closingOf.set(job, closing);
}

function noteBan({ money }: Hub, device: PublicKey, at: Instant): void {
  const ban = { number: money.bans.length + 1, device, at };
  money.bans.push(ban);
  money.banNamed.set(`${device} ${at}`, ban);
}

function notePardon({ money }: Hub, { device, bannedAt, at, reason }: Pardon): void {
  const ban = money.banNamed.get(`${device} ${bannedAt}`);
  if (ban?.pardonedAt !== undefined) return;
  if (ban !== undefined) Object.assign(ban, { pardonedAt: at, pardonReason: reason });
}

function noteFile({ money }: Hub, kept: MoneyBook['files'][number]): void {
  money.files.push(kept);
  money.fileOf.set(kept.file.dataHash, kept);
}
