import type { ContributorMessage } from '#protocol/messages/control.ts';
import type { AcceptedShard } from '#protocol/records/records.ts';
import { noteUnfit } from '../leasing/admit.ts';
import { endLease } from '../leasing/lease.ts';
import { scheduleSoon } from '../leasing/schedule.ts';
import { noteFailure } from '../leasing/suspects.ts';
import { ownLease } from '../results/commit.ts';
import type { Device } from '../state/device.ts';
import type { Job } from '../state/job.ts';
import { decline, type Turn } from '../turn.ts';
import { beginExams } from './exams.ts';

type UnitFailed = Extract<ContributorMessage, { type: 'unit-failed' }>;

/** Units that failed on a device and were computed by another one, until the device is unfit. */
const CONTRADICTIONS_MAX = 2;

/**
 * A device could not compute a unit. It is tried once more, on another device where one asks for
 * work, and goes to a verifier when it has failed twice. Where the unit is not known, the units in
 * question are lent in halves.
 */
export function receiveUnitFailed(turn: Turn, device: Device, message: UnitFailed): void {
  const active = ownLease(turn, device, message.lease);
  if (active === undefined) return;
  if (active.stage !== 'computing') {
    const text = 'this shard was committed to; reveal it, or give it back';
    return decline(turn, device.socket, { code: 'message-out-of-order', message: text });
  }
  const { unit, units } = message;
  const { firstUnit, unitCount, job: id } = active.lease;
  if (unit < firstUnit || unit + units > firstUnit + unitCount) {
    const text = `units ${unit} to ${unit + units - 1} are no part of this lease`;
    return decline(turn, device.socket, { code: 'range-invalid', message: text });
  }
  endLease(turn, active, 'reopen');
  const job = turn.hub.jobs.get(id);
  if (job !== undefined) {
    const { provider } = active;
    noteFailure(
      job,
      { first: unit, count: units },
      { device: device.key, provider, isSilent: false },
    );
    beginExams(turn, job);
  }
  scheduleSoon(turn);
}

/**
 * Units were accepted: those that had failed run after all. A device on which two such units failed
 * gets no more of the package.
 */
export function clearSuspects(
  turn: Turn,
  job: Job,
  by: Pick<AcceptedShard, 'device' | 'firstUnit' | 'unitCount'>,
): void {
  if (job.suspects.size === 0) return;
  for (const [unit, { failures }] of job.suspects) {
    if (unit < by.firstUnit || unit >= by.firstUnit + by.unitCount) continue;
    job.suspects.delete(unit);
    for (const { device: key, provider, isSilent } of failures) {
      const device = turn.hub.devices.get(key);
      if (device === undefined || isSilent || key === by.device || job.packageId === undefined)
        continue;
      const count = (device.contradicted.get(job.packageId) ?? 0) + 1;
      device.contradicted.set(job.packageId, count);
      if (count < CONTRADICTIONS_MAX) continue;
      noteUnfit(turn, device, {
        package: job.packageId,
        trials: [{ provider, outcome: 'failed' }],
      });
    }
  }
}
