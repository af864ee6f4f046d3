import { unitCost } from '#protocol/models/package.ts';
import { instant, millis } from '#protocol/values/units.ts';
import { applyFact } from './apply/apply.ts';
import { forgetJudged } from './checking/unjudged.ts';
import { kindOf } from './kinds/kind-of.ts';
import { openFairBook } from './leasing/fairness.ts';
import { openMoneyBook } from './money/book.ts';
import type { AppliedFact, CommittedShard, JobTally } from './state/facts.ts';
import type { DurableState, Hub, HubConfig } from './state/hub.ts';
import { type Job, jobAtRest } from './state/job.ts';
import { notePackage } from './state/model-packages.ts';
import { isLost } from './state/questions.ts';
import { coversRun, gapsBetween, removeRun } from './state/ranges.ts';
import { listUnderway, openUnderway } from './state/underway.ts';
import { keptNewcomers, openNewcomers, takePlace } from './trust/newcomers.ts';
import { openReviews } from './verifiers/reviews.ts';

/** A hub that takes its facts one by one, in their order, before it runs. */
export interface Opening {
  apply(fact: AppliedFact): void;
  /** The hub as its facts left it: those up to this number were applied. */
  finish(factNumber: number): Hub;
}

/** Begins with a snapshot, or with nothing; after a snapshot come the facts that it has not. */
export function beginHub(config: HubConfig, snapshot = emptyState()): Opening {
  const hub = openOn(config, snapshot);
  return {
    apply(fact) {
      applyFact(hub, fact);
      // Otherwise each mark would walk all shards before it.
      if (fact.type === 'judged') forgetJudged(hub);
    },
    finish(factNumber) {
      hub.factNumber = factNumber;
      hub.freed.clear();
      forgetJudged(hub);
      // Leases without a commitment were never revealed; their units are open.
      for (const committed of hub.commitments.values()) reviveLease(hub, committed);
      return hub;
    },
  };
}

/** A hub of all these facts, after a snapshot if there is one. */
export function openHub(
  facts: readonly AppliedFact[],
  config: HubConfig,
  snapshot?: DurableState,
): Hub {
  const opening = beginHub(config, snapshot);
  for (const fact of facts) opening.apply(fact);
  return opening.finish(facts.length);
}

/**
 * The version of snapshots. One of another version is not read, and the hub is made of all its facts.
 * It moves when the type of a snapshot changes (`npm run check` sees that), and when a
 * change of `applyFact` or of what it calls makes another state of facts that are on disk.
 */
export const SNAPSHOT_VERSION = 17;

/** What the facts made of a hub that runs, without what they did not: safe to clone and to keep. */
export function takeSnapshot(hub: Hub): DurableState {
  const names = Object.keys(emptyState()) as (keyof DurableState)[];
  const state = Object.fromEntries(
    names.map((name) => [name, hub[name]]),
  ) as object as DurableState;
  return {
    ...state,
    jobs: new Map([...hub.jobs].map(([id, job]) => [id, restJob(job)])),
    newcomers: keptNewcomers(hub.newcomers),
    disputes: new Map([...hub.disputes].map(([name, { since: _, ...rest }]) => [name, rest])),
    money: { ...hub.money, nextPayout: leastOf(hub, 'payout-linked', hub.money.nextPayout) },
    nextIndex: leastOf(hub, 'committed', hub.nextIndex),
    nextSequence: leastOf(hub, 'accepted', hub.nextSequence),
  };
}

/** A job of which nothing is lent. */
function restJob({ preparing: _, ...job }: Job): Job {
  const done = [...job.shards.values()].map(({ firstUnit, unitCount }) => ({
    first: firstUnit,
    end: firstUnit + unitCount,
  }));
  const lost = [...job.failed].flatMap(([unit, failed]) =>
    isLost(failed) ? [{ first: unit, end: unit + 1 }] : [],
  );
  const open = gapsBetween([...done, ...lost], job.record.units);
  return { ...job, ...jobAtRest(), open };
}

/** Numbers are given out when a fact is decided: those of facts that are not on disk are free. */
function leastOf(
  { underway }: Hub,
  type: 'payout-linked' | 'committed' | 'accepted',
  next: number,
): number {
  const numbers = listUnderway(underway, type).map((fact) =>
    fact.type === 'committed'
      ? fact.commitment.entry.index
      : fact.type === 'accepted'
        ? fact.shard.sequence
        : fact.payout.index,
  );
  return Math.min(next, ...numbers);
}

/** A job that left the state, of the facts that `Store.archived` gives; none where it gave none. */
export function recallJob(
  { config, packages }: Hub,
  facts: readonly AppliedFact[],
): Job | undefined {
  const hub = openOn(config, { ...emptyState(), packages: new Map(packages) });
  let tally: JobTally | undefined;
  for (const fact of facts) {
    if (fact.type === 'job-archived') tally = fact.tally;
    else applyFact(hub, fact);
  }
  const [job] = hub.jobs.values();
  return job && tally && Object.assign(job, tally);
}

const emptyState = (): DurableState => ({
  factNumber: 0,
  enrolled: new Set(),
  removed: new Set(),
  deviceRecords: new Map(),
  archivedDevices: 0,
  judged: new Map(),
  epochs: new Map(),
  jobs: new Map(),
  packages: new Map(),
  sizes: new Map(),
  setups: new Map(),
  shards: new Map(),
  commitments: new Map(),
  newcomers: openNewcomers(),
  profiles: new Map(),
  acceptedUnits: 0,
  acceptedWork: 0,
  opinions: new Map(),
  disputes: new Map(),
  unresolved: new Map(),
  resolved: new Map(),
  faults: new Map(),
  countedThrough: -1,
  unjudged: new Map(),
  inFlight: new Map(),
  reviews: openReviews(),
  money: openMoneyBook(),
  nextIndex: 0,
  nextSequence: 0,
});

/** A hub that runs nothing yet, on this state. */
function openOn(config: HubConfig, state: DurableState): Hub {
  const hub = atRest(config, state);
  for (const job of hub.jobs.values()) notePackage(hub.modelPackages, job);
  return hub;
}

const atRest = (config: HubConfig, state: DurableState): Hub => ({
  ...state,
  openJobs: new Map([...state.jobs].filter(([, { endedAt }]) => endedAt === undefined)),
  config,
  stopping: false,
  sessions: new Map(),
  holders: new Map(),
  isScheduleDue: false,
  greeting: { waiting: 0, at: instant(0) },
  devices: new Map(),
  verifiers: new Map(),
  tickets: new Map(),
  leases: new Map(),
  ended: new Map(),
  waiting: new Set(),
  modelPackages: new Map(),
  asked: new Set(),
  ready: new Map(),
  underway: openUnderway(),
  replies: new Map(),
  making: new Map(),
  recalls: new Map(),
  exams: new Map(),
  fairness: openFairBook(),
  freed: new Set(),
  nextToken: 1,
});

/**
 * A commitment in the log may still be opened: its units stay lent until the grace has passed. One
 * whose units went to another device, or whose job does not run any more, never can be.
 */
function reviveLease(hub: Hub, committed: CommittedShard): void {
  const { shard } = committed;
  const { firstUnit, unitCount } = shard;
  const job = hub.jobs.get(shard.job);
  if (job?.manifest === undefined || job.state !== 'running') return;
  if (!coversRun(job.open, firstUnit, firstUnit + unitCount)) return;
  hub.leases.set(shard.lease, {
    lease: {
      id: shard.lease,
      job: shard.job,
      package: shard.package,
      firstUnit,
      unitCount,
      inputs: kindOf(job).sliceInputs(job, firstUnit, unitCount),
      deadlineMs: millis(0),
    },
    unitCost: unitCost(job.manifest),
    donated: shard.donated,
    device: shard.device,
    ...(shard.class === undefined ? {} : { class: shard.class }),
    provider: shard.provider,
    stage: 'logged',
    issuedAt: instant(0),
    expectedMs: millis(0),
    deadlineAt: instant(0),
    committed,
  });
  job.leases.add(shard.lease);
  job.leasedUnits += unitCount;
  removeRun(job.open, firstUnit, firstUnit + unitCount);
  takePlace(hub, shard.device, unitCost(job.manifest));
}
