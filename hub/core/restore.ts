import { encodeBase64 } from '#protocol/base64.ts';
import { standingName } from '#protocol/check-policy.ts';
import { after, bytes, instant, millis } from '#protocol/units.ts';
import { restoreAside } from './aside.ts';
import { openJob, serveJobBlobs } from './commands.ts';
import { CHECKS_KEPT_MS, judgedThrough, restoreDisputes } from './disputes.ts';
import { noteEpoch } from './epochs.ts';
import type { CommittedShard, Snapshot } from './events.ts';
import { openFairBook } from './fairness.ts';
import { awaitCheck } from './in-flight.ts';
import { restoreLapses } from './lapse.ts';
import { openMoneyBook, restoreMoney } from './money.ts';
import { openNewcomers, takePlace } from './newcomers.ts';
import { applyPardon } from './pardons.ts';
import { setPackage } from './prepare.ts';
import { coversRun, removeRun } from './ranges.ts';
import { countJudged, settleRelease } from './release.ts';
import { countAccepted, keepShard } from './results.ts';
import { mayReadVerdict, openReviews, restoreReviews } from './reviews.ts';
import { type Hub, type HubConfig, type Job, verdictName } from './state.ts';
import { countVerdict } from './verdicts.ts';

/** A hub as its facts left it. Leases that were not committed have lapsed; their units are open. */
export function openHub(snapshot: Snapshot, config: HubConfig): Hub {
  const hub: Hub = {
    config,
    stopping: false,
    sessions: new Map(),
    devices: new Map(),
    verifiers: new Map(),
    tickets: new Map(),
    enrolled: new Set(snapshot.verifiers),
    removed: new Set(snapshot.removed),
    barred: new Map(snapshot.barred.map((ban) => [ban.device, ban])),
    aside: restoreAside(snapshot),
    judged: new Map(
      snapshot.judged
        .filter(({ verifier }) => snapshot.verifiers.includes(verifier))
        .map(({ verifier, through }) => [verifier, through]),
    ),
    epochs: new Map(),
    jobs: new Map(),
    leases: new Map(),
    ended: new Map(),
    shards: new Map(),
    unopenable: [],
    lapses: new Map(snapshot.lapses.map((saved) => [saved.device, restoreLapses(saved)])),
    newcomers: openNewcomers(snapshot),
    fairness: openFairBook(),
    acceptedUnits: 0,
    waiting: new Set(),
    servable: new Set(),
    pending: new Map(),
    opinions: new Map(),
    disputes: new Map(),
    ruled: new Map(),
    faults: countFaults(snapshot),
    verdictsTaken: new Set(snapshot.verdicts.map(verdictName)),
    standings: new Map(),
    judgedUnits: new Map(),
    unjudged: new Map(),
    inFlight: new Map(),
    reviews: openReviews(),
    money: openMoneyBook(),
    nextIndex: snapshot.nextIndex,
    nextSequence: snapshot.nextSequence,
    nextToken: 1,
  };
  for (const pardon of snapshot.pardons) applyPardon(hub, pardon);
  for (const signed of snapshot.epochs) noteEpoch(hub, signed);
  restoreJobs(hub, snapshot);
  restoreShards(hub, snapshot);
  restoreStandings(hub, snapshot);
  restoreMoney(hub, snapshot);
  restoreDisputes(hub, snapshot);
  restoreReviews(hub, snapshot);
  restoreCounts(hub, snapshot);
  for (const committed of snapshot.pending) {
    if (!restoreLease(hub, committed)) hub.unopenable.push(committed);
  }
  return hub;
}

function restoreJobs(hub: Hub, snapshot: Snapshot): void {
  const newest = snapshot.jobs.reduce((last, { endedAt = last }) => Math.max(last, endedAt), 0);
  for (const saved of snapshot.jobs) {
    const job = openJob(saved);
    job.state = saved.state;
    job.reason = saved.reason;
    if (saved.startedAt !== undefined) job.startedAt = saved.startedAt;
    if (saved.endedAt !== undefined) {
      job.endedAt = saved.endedAt;
      // The clock is not known yet: those that are older by it are forgotten with the first tick.
      const isOld = after(saved.endedAt, CHECKS_KEPT_MS) <= newest;
      if (saved.state !== 'done' || isOld) job.forgotten = true;
    }
    if (saved.refusal !== undefined) job.refusal = saved.refusal;
    serveJobBlobs(hub, job);
    job.canaries = new Set(saved.canaries);
    if (saved.manifest !== undefined) setPackage(hub.servable, job, saved.manifest);
    hub.jobs.set(saved.record.id, job);
  }
  for (const { job, unitCount } of snapshot.voided) {
    const found = hub.jobs.get(job);
    if (found !== undefined) found.requeued += unitCount;
  }
}

function restoreShards(hub: Hub, snapshot: Snapshot): void {
  const judged = judgedThrough(hub);
  const released = new Set(snapshot.released);
  for (const shard of snapshot.accepted) {
    const job = hub.jobs.get(shard.job);
    if (job === undefined) continue;
    const kept = keepShard(shard);
    const isJudged = shard.sequence <= judged;
    if (isJudged) countJudged(hub, kept);
    const ended = job.endedAt !== undefined;
    countAccepted(job, kept);
    if (released.has(shard.sequence)) settleRelease(job, kept);
    if (!isJudged && !ended) awaitCheck(hub, kept);
    if (job.forgotten) delete kept.whole;
    job.shards.set(shard.sequence, kept);
    hub.shards.set(shard.lease, kept);
    hub.acceptedUnits += shard.unitCount;
    job.lastSequence = Math.max(job.lastSequence, shard.sequence);
    closeUnits(job, shard);
  }
  for (const shard of snapshot.voided) {
    const { whole, ...kept } = keepShard(shard);
    hub.shards.set(shard.lease, { ...kept, voided: true });
  }
}

/** Verdicts count in the view of their job once they are not withheld. */
function restoreCounts(hub: Hub, { verdicts }: Snapshot): void {
  for (const signed of verdicts) {
    if (!mayReadVerdict(hub, signed)) continue;
    countVerdict(hub.jobs.get(signed.verdict.job), signed.verdict.kind);
  }
}

function countFaults({ faults }: Snapshot): Hub['faults'] {
  const counts: Hub['faults'] = new Map();
  for (const { verifier } of faults) counts.set(verifier, (counts.get(verifier) ?? 0) + 1);
  return counts;
}

/**
 * From the shards that still stand: those of a device that was caught do not, where their jobs were
 * not over. Nor do those before a lapse that cost the device its trust. What is forgotten here only
 * means more checks.
 */
function restoreStandings({ standings }: Hub, { accepted, verdicts, lapses }: Snapshot): void {
  const caughtAt = new Map<string, number>(
    lapses.map(({ device, resetAt }) => [device, resetAt ?? -1]),
  );
  for (const { verdict } of verdicts) {
    if (verdict.kind !== 'mismatch') continue;
    caughtAt.set(verdict.device, Math.max(verdict.at, caughtAt.get(verdict.device) ?? 0));
  }
  for (const { device, package: id, before, unitCount, at } of accepted) {
    if (at <= (caughtAt.get(device) ?? -1)) continue;
    standings.set(standingName(device, id), before + unitCount);
  }
}

/** What is lent or delivered is not open. */
function closeUnits({ open }: Job, { firstUnit, unitCount }: CommittedShard['shard']): void {
  removeRun(open, firstUnit, firstUnit + unitCount);
}

/**
 * A commitment in the log may still be opened: its units stay lent until the grace has passed. Says
 * whether it may.
 */
function restoreLease(hub: Hub, committed: CommittedShard): boolean {
  const { shard } = committed;
  const job = hub.jobs.get(shard.job);
  if (job === undefined || job.state !== 'running') return false;
  const { firstUnit, unitCount } = shard;
  // An old commitment whose units went to another device has lapsed for good.
  if (!coversRun(job.open, firstUnit, firstUnit + unitCount)) return false;
  const digests = job.inputDigests.subarray(firstUnit * 32, (firstUnit + unitCount) * 32);
  hub.leases.set(shard.lease, {
    lease: {
      id: shard.lease,
      job: shard.job,
      package: shard.package,
      firstUnit,
      unitCount,
      inputs: {
        root: job.record.inputs.root,
        length: job.record.inputs.length,
        offset: bytes(firstUnit * job.inputUnitBytes),
        unitBytes: bytes(job.inputUnitBytes),
        digests: encodeBase64(digests),
      },
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
  takePlace(hub, shard.device);
  job.leasedUnits += unitCount;
  closeUnits(job, shard);
  return true;
}
