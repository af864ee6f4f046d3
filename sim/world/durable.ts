import type { Hub } from '../../hub/core/hub.ts';

/**
 * What of a hub's state its facts decide, as plain data: a hub that was restarted has the same.
 * Sessions, leases and what only time changes are left out.
 */
export function durableOf(hub: Hub): Record<string, unknown> {
  const jobs = [...hub.jobs].map(([id, job]) => ({
    id,
    record: job.record,
    state: job.state,
    reason: job.reason,
    package: job.packageId,
    startedAt: job.startedAt,
    endedAt: job.endedAt,
    refusal: job.refusal,
    funding: job.funding,
    shards: [...job.shards.keys()],
    unreleased: [...job.unreleased.keys()],
    released: job.released,
    accepted: job.acceptedUnits,
    failed: [...job.failed],
    unexecuted: [...job.unexecuted],
    failedCounts: [job.failedItems, job.failedUnits],
    checked: job.checked,
    mismatched: job.mismatched,
    requeued: job.requeued,
    ties: [...job.ties],
    lastSequence: job.lastSequence,
  }));
  const { reviews, newcomers, money } = hub;
  return {
    jobs,
    enrolled: [...hub.enrolled],
    removed: [...hub.removed],
    marks: [...hub.judged],
    epochs: [...hub.epochs].map(([key, book]) => [key, [...book]]),
    shards: [...hub.shards].map(([lease, { sequence, voided }]) => [lease, sequence, voided]),
    commitments: [...hub.commitments.keys()],
    // Suspensions end with time.
    devices: [...hub.deviceRecords].map(([key, { suspensions: _, ...rest }]) => [key, rest]),
    archived: hub.archivedDevices,
    newcomers: [newcomers.begun, newcomers.probation],
    accepted: [hub.acceptedUnits, hub.acceptedWork],
    packages: [...hub.packages],
    openJobs: [...hub.openJobs.keys()],
    opinions: [...hub.opinions],
    disputes: [...hub.disputes].map(([name, { since: _, ...dispute }]) => [name, dispute]),
    unresolved: [...hub.unresolved],
    resolved: [...hub.resolved],
    faults: [...hub.faults],
    verdicts: [...hub.shards].map(([lease, { judgedBy }]) => [lease, [...(judgedBy ?? [])]]),
    inFlight: [...hub.inFlight],
    reviews: [reviews.count, reviews.waiting.length, [...reviews.withheld]],
    money: [[...money.funded], money.closed, [...money.files]],
    earned: [...money.earned].map(([device, kept]) => [device, kept.map(({ lease }) => lease)]),
    // Numbers are given out when a fact is decided, so that they run ahead while some are underway.
    counters: [hub.nextIndex, hub.nextSequence, money.nextPayout],
  };
}

/** The parts in which two hubs differ; counters only where nothing is underway to the disk. */
export function differences(one: Hub, other: Hub): string[] {
  const [left, right] = [durableOf(one), durableOf(other)];
  const isIdle = one.underway.writes.size === 0;
  return Object.keys(left)
    .filter((part) => isIdle || part !== 'counters')
    .filter((part) => stable(left[part]) !== stable(right[part]));
}

/** The order of a map or set that holds entries by name does not matter. */
const stable = (part: unknown): string =>
  JSON.stringify(Array.isArray(part) ? part.map((each) => JSON.stringify(each)).sort() : part);
