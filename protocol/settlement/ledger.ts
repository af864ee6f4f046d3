import { PAY_POLICY, unitsBehind } from '../checks/check-policy.ts';
import type { AcceptedShard } from '../records/records.ts';
import type { Digest, JobId, PublicKey } from '../values/ids.ts';
import { type Instant, instant } from '../values/units.ts';

/**
 * Who earned what, as a projection of public facts: the same facts give the same ledger to the hub,
 * to every verifier and to whoever audits them. Amounts are lamports.
 *
 * A unit earns its job's price when its job has ended and its shard stands; the first units of an
 * identity earn nothing. What is earned is held until enough later work of the same device has been
 * earned, or enough time has passed; a confirmed failure forfeits all that is held.
 */
export interface LedgerFacts {
  /** Jobs that have ended with their results given out. */
  jobs: readonly EndedJob[];
  /** Accepted shards that stand. Those of other jobs are ignored. */
  shards: readonly EarningShard[];
  bans: readonly LedgerBan[];
  payouts: readonly Payout[];
  /**
   * When a job's money was closed, since its poster asked for the rest or the escrow ends. Nothing
   * is held any longer, and what has no recipient by then goes back.
   */
  closings: readonly { job: JobId; at: Instant }[];
  /** The facts up to this moment count. */
  through: Instant;
}

export interface EndedJob {
  id: JobId;
  unitPrice: bigint;
  /** Where the job's money lies, as the chain writes addresses. */
  escrow: string;
  endedAt: Instant;
}

/** `donated`: its device wanted nothing for it. */
export type EarningShard = Pick<
  AcceptedShard,
  'sequence' | 'job' | 'device' | 'package' | 'unitCount' | 'workBefore' | 'unitCost' | 'counted'
> & { donated?: true };

/** A wrong result of a device was confirmed; when it is pardoned, what it lost comes back. */
export interface LedgerBan {
  device: PublicKey;
  at: Instant;
  pardonedAt?: Instant;
}

/** Where a device wants its pay from `at` on. `index` is its place in the tree of claims. */
export interface Payout {
  device: PublicKey;
  index: number;
  recipient: string;
  at: Instant;
}

/**
 * One line of the ledger: `units` units of a shard went from one state to the next. `accrued` units
 * are held at once; `unpaid` ones are of the trial or donated; what is `released` is payable when
 * the device names a recipient, what was forfeited without guilt is `restored`, and `returned` to
 * the poster if it has named none when the job's money is closed.
 */
export interface LedgerEntry {
  type: 'unpaid' | 'accrued' | 'released' | 'forfeited' | 'restored' | 'returned';
  device: PublicKey;
  package: Digest;
  job: JobId;
  sequence: number;
  units: number;
  amount: bigint;
  at: Instant;
}

export interface Balance {
  accrued: bigint;
  held: bigint;
  released: bigint;
  forfeited: bigint;
  /** Of what is released: what has no recipient yet. */
  unclaimed: bigint;
  /** Of what was released: what had no recipient when its job's money was closed. */
  returned: bigint;
}

/** Who has earned and spent what, lamports. */
export interface Ledger {
  entries: LedgerEntry[];
  balances: Map<PublicKey, Balance>;
  /** What each recipient has earned in total, by index. */
  claims: Map<number, { recipient: string; cumulative: bigint }>;
  /** What each escrow has spent in total. Both sides sum up to the same. */
  spends: Map<string, bigint>;
}

/** Units that are earned and held, of one shard. */
interface Run {
  device: PublicKey;
  package: Digest;
  job: EndedJob;
  sequence: number;
  units: number;
  unitCost: number;
}

/** What a device is held to: its work since its last failure, and where units of a cost began. */
interface Stake {
  work: number;
  /** The least sequence by cost. */
  costs: Map<number, number>;
}

interface Books {
  ledger: Ledger;
  /** Oldest first. */
  held: Map<PublicKey, Run[]>;
  stakes: Map<PublicKey, Stake>;
  /** The newest payout of each device. */
  payouts: Map<PublicKey, Payout>;
  /** Forfeited by each ban, as long as it may come back. */
  forfeited: Map<LedgerBan, Run[]>;
  /** Released to a device that has named no recipient. */
  unclaimed: Map<PublicKey, Run[]>;
}

type Event =
  | { type: 'linked'; at: Instant; name: string; payout: Payout }
  | { type: 'banned' | 'pardoned'; at: Instant; name: string; ban: LedgerBan }
  | { type: 'closing'; at: Instant; name: string; job: JobId }
  | { type: 'ended'; at: Instant; name: string; job: EndedJob; shards: EarningShard[] };

/** Of each package, under protocol version 2: units that earned nothing, and most that were held. */
const BEFORE = { trialUnits: 100, holdbackUnits: 112 };

/** Projects the facts; their order in the arrays says nothing. */
export function projectLedger(facts: LedgerFacts): Ledger {
  const ledger: Ledger = { entries: [], balances: new Map(), claims: new Map(), spends: new Map() };
  const books: Books = {
    ledger,
    held: new Map(),
    stakes: new Map(),
    payouts: new Map(),
    forfeited: new Map(),
    unclaimed: new Map(),
  };
  for (const event of orderEvents(facts)) {
    matureRuns(books, event.at);
    switch (event.type) {
      case 'linked':
        linkPayout(books, event.payout);
        break;
      case 'banned':
        forfeitRuns(books, event.ban, event.at);
        break;
      case 'pardoned':
        restoreRuns(books, event.ban, event.at);
        break;
      case 'ended':
        for (const shard of event.shards) accrueShard(books, shard, event.job);
        break;
      case 'closing':
        closeJob(books, event.job, event.at);
        break;
    }
  }
  matureRuns(books, facts.through);
  return ledger;
}

/** By time; at one moment payouts, failures, pardons, ends of jobs and closings, by name. */
function orderEvents(facts: LedgerFacts): Event[] {
  const { jobs, shards, bans, payouts, closings, through } = facts;
  const endOf = new Map(jobs.map(({ id, endedAt }) => [id, endedAt]));
  const ofJob = new Map<JobId, EarningShard[]>(jobs.map(({ id }) => [id, []]));
  for (const shard of shards) ofJob.get(shard.job)?.push(shard);
  const events: Event[] = [
    ...payouts.map((payout): Event => {
      const { at, index } = payout;
      return { type: 'linked', at, name: String(index).padStart(16, '0'), payout };
    }),
    ...bans.flatMap((ban): Event[] => {
      const { device: name, at, pardonedAt } = ban;
      const banned: Event = { type: 'banned', at, name, ban };
      if (pardonedAt === undefined) return [banned];
      return [banned, { type: 'pardoned', at: pardonedAt, name, ban }];
    }),
    ...jobs.map((job): Event => {
      const own = (ofJob.get(job.id) ?? []).sort((a, b) => a.sequence - b.sequence);
      return { type: 'ended', at: job.endedAt, name: job.id, job, shards: own };
    }),
    ...closings.map(({ job, at }): Event => {
      // What is asked for before its job has ended holds from the end on.
      const counts = instant(Math.max(at, endOf.get(job) ?? 0));
      return { type: 'closing', at: counts, name: job, job };
    }),
  ];
  const rank = { linked: 0, banned: 1, pardoned: 2, ended: 3, closing: 4 } as const;
  return events
    .filter(({ at }) => at <= through)
    .sort((a, b) => a.at - b.at || rank[a.type] - rank[b.type] || (a.name < b.name ? -1 : 1));
}

function accrueShard(books: Books, shard: EarningShard, job: EndedJob): void {
  const { device, package: id, sequence, unitCount, unitCost } = shard;
  const stake = raiseStake(books, shard);
  const trial = shard.donated === true ? unitCount : Math.min(unitCount, trialUnits(stake, shard));
  const run: Run = { device, package: id, job, sequence, units: unitCount - trial, unitCost };
  if (trial > 0) note(books, 'unpaid', { ...run, units: trial, at: job.endedAt });
  if (run.units === 0) return;
  const queue = books.held.get(device) ?? [];
  books.held.set(device, queue);
  queue.push(run);
  note(books, 'accrued', { ...run, at: job.endedAt });
  let over =
    queue.reduce((sum, each) => sum + each.units * each.unitCost, 0) - heldWork(stake, shard);
  for (let [first] = queue; first !== undefined; [first] = queue) {
    const most = Math.floor(over / first.unitCost);
    if (most < 1) break;
    over -= first.unitCost * releaseFirst(books, queue, { most, at: job.endedAt });
  }
}

function raiseStake(
  { stakes }: Books,
  { device, sequence, unitCount, workBefore, unitCost }: EarningShard,
): Stake {
  const stake = stakes.get(device) ?? { work: 0, costs: new Map() };
  stake.work = Math.max(stake.work, workBefore + unitCount * unitCost);
  stake.costs.set(unitCost, Math.min(sequence, stake.costs.get(unitCost) ?? sequence));
  stakes.set(device, stake);
  return stake;
}

/** The cost of the dearest unit of a device up to a shard, in jobs that have ended. */
const dearestOf = ({ costs }: Stake, { sequence }: EarningShard): number =>
  Math.max(...[...costs].filter(([, first]) => first <= sequence).map(([cost]) => cost));

/** How many units of a shard come before its device has done enough for pay. */
function trialUnits(stake: Stake, shard: EarningShard): number {
  if (shard.counted === 'package') return Math.max(0, BEFORE.trialUnits - unitsBehind(shard));
  const missing = PAY_POLICY.probationUnits * dearestOf(stake, shard) - shard.workBefore;
  return Math.max(0, Math.ceil(missing / shard.unitCost));
}

/** How much of the newest work of a device is held, in microseconds. */
function heldWork(stake: Stake, shard: EarningShard): number {
  const share = (BigInt(stake.work) * BigInt(PAY_POLICY.holdbackPpm) + 999_999n) / 1_000_000n;
  if (shard.counted !== 'package') return Number(share);
  return Math.min(Number(share), BEFORE.holdbackUnits * dearestOf(stake, shard));
}

/** Releases what has been held for long enough. */
function matureRuns(books: Books, now: Instant): void {
  for (const queue of books.held.values()) {
    for (let [first] = queue; first !== undefined; [first] = queue) {
      const due = (first.job.endedAt + PAY_POLICY.holdbackMs) as Instant;
      if (due > now) break;
      releaseFirst(books, queue, { most: first.units, at: due });
    }
  }
}

/** Nothing of this job is held any longer. */
function closeJob(books: Books, id: JobId, at: Instant): void {
  for (const [device, queue] of books.held) {
    const own = queue.filter(({ job }) => job.id === id);
    if (own.length === 0) continue;
    books.held.set(
      device,
      queue.filter(({ job }) => job.id !== id),
    );
    for (const run of own) release(books, run, at);
  }
  for (const [ban, lost] of books.forfeited) {
    books.forfeited.set(
      ban,
      lost.filter(({ job }) => job.id !== id),
    );
  }
  for (const [device, waiting] of books.unclaimed) {
    books.unclaimed.set(
      device,
      waiting.filter(({ job }) => job.id !== id),
    );
    for (const run of waiting) if (run.job.id === id) note(books, 'returned', { ...run, at });
  }
}

/** Releases up to `most` units of the oldest run; says how many. */
function releaseFirst(
  books: Books,
  queue: Run[],
  { most, at }: { most: number; at: Instant },
): number {
  const [first] = queue;
  if (first === undefined) return most;
  const units = Math.min(most, first.units);
  first.units -= units;
  if (first.units === 0) queue.shift();
  release(books, { ...first, units }, at);
  return units;
}

function release(books: Books, run: Run, at: Instant): void {
  note(books, 'released', { ...run, at });
  pay(books, run);
}

function forfeitRuns(books: Books, ban: LedgerBan, at: Instant): void {
  const lost = books.held.get(ban.device) ?? [];
  for (const run of lost) note(books, 'forfeited', { ...run, at });
  books.held.delete(ban.device);
  books.stakes.delete(ban.device);
  if (ban.pardonedAt !== undefined) books.forfeited.set(ban, lost);
}

/** What a device lost without guilt is released at once: it was held long enough. */
function restoreRuns(books: Books, ban: LedgerBan, at: Instant): void {
  for (const run of books.forfeited.get(ban) ?? []) {
    note(books, 'restored', { ...run, at });
    release(books, run, at);
  }
  books.forfeited.delete(ban);
}

function linkPayout(books: Books, payout: Payout): void {
  const { device } = payout;
  books.payouts.set(device, payout);
  const waiting = books.unclaimed.get(device) ?? [];
  books.unclaimed.delete(device);
  for (const run of waiting) {
    balanceOf(books.ledger, device).unclaimed -= amountOf(run);
    pay(books, run);
  }
}

/** Only what has a recipient is spent: the rest stays in the escrow. */
function pay({ ledger, payouts, unclaimed }: Books, run: Run): void {
  const { device } = run;
  const { escrow } = run.job;
  const amount = amountOf(run);
  if (amount === 0n) return;
  const payout = payouts.get(device);
  if (payout === undefined) {
    unclaimed.set(device, [...(unclaimed.get(device) ?? []), run]);
    balanceOf(ledger, device).unclaimed += amount;
    return;
  }
  const { index, recipient } = payout;
  const cumulative = (ledger.claims.get(index)?.cumulative ?? 0n) + amount;
  ledger.claims.set(index, { recipient, cumulative });
  ledger.spends.set(escrow, (ledger.spends.get(escrow) ?? 0n) + amount);
}

const amountOf = ({ units, job }: Pick<Run, 'units' | 'job'>): bigint =>
  BigInt(units) * job.unitPrice;

function note(
  { ledger }: Books,
  type: LedgerEntry['type'],
  { at, ...run }: Omit<Run, 'unitCost'> & { at: Instant },
): void {
  const { device, package: id, job, sequence, units } = run;
  const amount = type === 'unpaid' ? 0n : amountOf(run);
  ledger.entries.push({ type, device, package: id, job: job.id, sequence, units, amount, at });
  const balance = balanceOf(ledger, device);
  switch (type) {
    case 'unpaid':
      return;
    case 'accrued':
      balance.accrued += amount;
      balance.held += amount;
      return;
    case 'restored':
      balance.forfeited -= amount;
      balance.held += amount;
      return;
    case 'returned':
      balance.unclaimed -= amount;
      balance.returned += amount;
      return;
    case 'released':
    case 'forfeited':
      balance.held -= amount;
      balance[type] += amount;
  }
}

function balanceOf({ balances }: Ledger, device: PublicKey): Balance {
  const known = balances.get(device);
  if (known !== undefined) return known;
  const opened = {
    accrued: 0n,
    held: 0n,
    released: 0n,
    forfeited: 0n,
    unclaimed: 0n,
    returned: 0n,
  };
  balances.set(device, opened);
  return opened;
}
