import { instant, millis } from '#protocol/values/units.ts';
import { applyFact } from './apply/apply.ts';
import { forgetJudged } from './checking/unjudged.ts';
import { kindOf } from './kinds/kind-of.ts';
import { openFairBook } from './leasing/fairness.ts';
import { openMoneyBook } from './money/book.ts';
import type { AppliedFact, CommittedShard, JobTally } from './state/facts.ts';
import type { Hub, HubConfig } from './state/hub.ts';
import type { Job } from './state/job.ts';
import { coversRun, removeRun } from './state/ranges.ts';
import { openUnderway } from './state/underway.ts';
import { openNewcomers, takePlace } from './trust/newcomers.ts';
import { openReviews } from './verifiers/reviews.ts';

/** A hub as its facts left it. Leases without a commitment were never revealed; their units are open. */
export function openHub(facts: readonly AppliedFact[], config: HubConfig): Hub {
  const hub = emptyHub(config);
  for (const fact of facts) {
    applyFact(hub, fact);
    // Otherwise each mark would walk all shards before it.
    if (fact.type === 'judged') forgetJudged(hub);
  }
  hub.freed.clear();
  forgetJudged(hub);
  for (const committed of hub.commitments.values()) reviveLease(hub, committed);
  return hub;
}

/** A job that left the state, of the facts that `Store.archived` gives; none where it gave none. */
export function recallJob(
  { config, packages }: Hub,
  facts: readonly AppliedFact[],
): Job | undefined {
  const hub = { ...emptyHub(config), packages: new Map(packages) };
  let tally: JobTally | undefined;
  for (const fact of facts) {
    if (fact.type === 'job-archived') tally = fact.tally;
    else applyFact(hub, fact);
  }
  const [job] = hub.jobs.values();
  return job && tally && Object.assign(job, tally);
}

const emptyHub = (config: HubConfig): Hub => ({
  config,
  stopping: false,
  sessions: new Map(),
  devices: new Map(),
  verifiers: new Map(),
  tickets: new Map(),
  enrolled: new Set(),
  removed: new Set(),
  banned: new Map(),
  suspensions: new Map(),
  judged: new Map(),
  epochs: new Map(),
  jobs: new Map(),
  packages: new Map(),
  leases: new Map(),
  ended: new Map(),
  shards: new Map(),
  commitments: new Map(),
  unrevealed: new Map(),
  newcomers: openNewcomers(),
  acceptedUnits: 0,
  waiting: new Set(),
  servable: new Set(),
  underway: openUnderway(),
  replies: new Map(),
  making: new Map(),
  fairness: openFairBook(),
  opinions: new Map(),
  disputes: new Map(),
  unresolved: new Map(),
  resolved: new Map(),
  faults: new Map(),
  standings: new Map(),
  resetAt: new Map(),
  judgedUnits: new Map(),
  countedThrough: -1,
  unjudged: new Map(),
  inFlight: new Map(),
  freed: new Set(),
  reviews: openReviews(),
  money: openMoneyBook(),
  nextIndex: 0,
  nextSequence: 0,
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
  if (job?.state !== 'running' || !coversRun(job.open, firstUnit, firstUnit + unitCount)) return;
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
  takePlace(hub, shard.device);
}
