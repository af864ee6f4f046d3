import type { Admission, Device } from '../state/device.ts';
import type { Hub } from '../state/hub.ts';
import type { Job } from '../state/job.ts';

/**
 * Which of the running jobs a device is to have: the one where its speed ÷ the fleet's is highest,
 * weighted by what each job is owed. The formula stands in `docs/decisions/leases-and-fairness.md`.
 */

/** T: how far a job may be ahead of another one on a device that is e times as good at it. */
const TRADE_MS = { least: 12_000, perDevice: 1_500, most: 150_000 } as const;
/** A job where a device is worse than on its best by a factor of e³ gets no lead. */
const LEAD_MAX = 3;
/** The model it computes leads by T more, or by this: to change models takes a device seconds. */
const STAY_MS_MAX = 48_000;
/** One it is set up for leads by this part of that: to fetch a model takes a device minutes. */
const ADMITTED = 1 / 3;

/** What units take a device of mean speed: a job pays the same for them, whoever computes them. */
export const fleetMs = ({ fleet }: Job, { unitMs }: Admission, units: number): number =>
  units * (fleet.unitMs || unitMs);

const tradeMs = ({ devices }: Hub): number =>
  Math.min(TRADE_MS.most, Math.max(TRADE_MS.least, TRADE_MS.perDevice * devices.size));

/** The lead of any job on a device that is set up for none. */
export const leadOfNew = (hub: Hub): number => LEAD_MAX * tradeMs(hub);

/** How much fuller the accounts of running jobs count for a device, in milliseconds. */
export function leadsOf(hub: Hub, device: Device, running: readonly Job[]): Map<Job, number> {
  const atWork = new Set([...device.leases].map((id) => hub.leases.get(id)?.lease.package));
  const advantages = findAdvantages(device, running);
  const known = [...advantages.values()];
  const best = Math.max(...known, known.length === 0 ? 0 : -Infinity);
  const usual = meanOf(known);
  const trade = tradeMs(hub);
  const stayMs = Math.min(trade, STAY_MS_MAX);
  const leads = new Map<Job, number>();
  for (const job of running) {
    const advantage = advantages.get(job) ?? usual;
    let leadMs = trade * Math.max(0, LEAD_MAX + advantage - best);
    if (job.packageId && device.admitted.has(job.packageId)) {
      leadMs += atWork.has(job.packageId) ? stayMs : ADMITTED * stayMs;
    } else if (!job.fleet.expected.has(device.hardware)) {
      // No device like it ever tried: one of them has to.
      leadMs = trade * LEAD_MAX + stayMs;
    }
    leads.set(job, leadMs);
  }
  return leads;
}

/**
 * Logarithms of the speed of a device ÷ that of its fleet, on jobs where it is known. Where devices
 * like it were tried and it was not, it is as good against them as it is on other jobs.
 */
function findAdvantages(device: Device, running: readonly Job[]): Map<Job, number> {
  const found = new Map<Job, number>();
  for (const job of running) {
    const { unitMs: meanMs, expected } = job.fleet;
    const admission = job.packageId && device.admitted.get(job.packageId);
    const like = expected.get(device.hardware);
    const guess = typeof like === 'number' ? like / device.pace : undefined;
    const unitMs = admission ? admission.unitMs : guess;
    if (unitMs !== undefined && meanMs > 0) found.set(job, Math.log(meanMs / unitMs));
  }
  return found;
}

const meanOf = (values: readonly number[]): number =>
  values.reduce((all, each) => all + each, 0) / Math.max(1, values.length);
