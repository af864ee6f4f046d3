import type { Quote } from '#protocol/api/job.ts';
import type { PackageManifest } from '#protocol/models/package.ts';
import { type Reason, why } from '#protocol/values/reason.ts';
import { millis } from '#protocol/values/units.ts';
import { shareBeside } from '../leasing/share.ts';
import type { Device } from '../state/device.ts';
import type { Hub } from '../state/hub.ts';
import type { Job } from '../state/job.ts';

/** What is known of the speed of devices for a package, in milliseconds a unit, and who shares them. */
export interface Times {
  /** Of those that were admitted to it, the fastest first. */
  measured: number[];
  /** Of those that were admitted to others: what they take of the reference time there. */
  compared: number[];
  /** How many more there are, of which nothing is known. */
  unknown: number;
  /** On the verifier that ran the package first. */
  referenceMs: number;
  beside: { jobs: number; share: number };
}

/** Reads the speeds of these devices for a job. */
export function timesOf(
  hub: Hub,
  { job, manifest, able }: { job: Job; manifest: PackageManifest; able: readonly Device[] },
): Times {
  const referenceMs = Math.max(manifest.referenceUnitMs, 0.001);
  const times: Times = {
    ...{ measured: [], compared: [], unknown: 0, referenceMs },
    beside: shareBeside(hub, job),
  };
  for (const device of able) {
    const own = job.packageId && device.admitted.get(job.packageId);
    const slowness = own === undefined ? slownessOf(hub, device) : undefined;
    if (own) times.measured.push(own.unitMs);
    else if (slowness === undefined) times.unknown += 1;
    else times.compared.push(slowness * referenceMs);
  }
  times.measured.sort((a, b) => a - b);
  return times;
}

/** How many times the reference time a device takes, the median of its packages. */
function slownessOf({ packages }: Hub, { admitted }: Device): number | undefined {
  const found = [...admitted].flatMap(([id, { unitMs }]) => {
    const { referenceUnitMs } = packages.get(id) ?? {};
    return referenceUnitMs === undefined ? [] : [unitMs / Math.max(referenceUnitMs, 0.001)];
  });
  return found.sort((a, b) => a - b)[found.length >> 1];
}

/** When so many units are through: at the soonest, and at the latest while nobody leaves. */
export function timeOf(
  { measured, compared, unknown, referenceMs, beside }: Times,
  units: number,
): Pick<Quote, 'durationMs' | 'latestMs'> {
  const known = [...measured, ...compared];
  if (known.length + unknown === 0) return {};
  const all = [...known, ...Array<number>(unknown).fill(referenceMs)];
  const durationMs = millis(Math.ceil(passMs(all, units)));
  if (known.length === 0) return { durationMs };
  const alone = Math.max(passMs(known, units), passMs(all, units));
  return { durationMs, latestMs: millis(Math.ceil(alone / beside.share)) };
}

/** Nobody is through before the fastest has computed one unit. */
function passMs(unitMs: readonly number[], units: number): number {
  const speed = unitMs.reduce((sum, ms) => sum + 1 / Math.max(ms, 0.001), 0);
  return Math.max(units / speed, Math.min(...unitMs));
}

/** What the times rest on. */
export function noteTimes({ measured, compared, unknown, beside }: Times): Reason[] {
  const devices = measured.length + compared.length + unknown;
  if (devices === 0) return [why('no-device-fits', {})];
  const { jobs, share } = beside;
  const more = compared.length === 0 ? {} : { compared: compared.length };
  return [
    why('devices-measured', { devices, measured: measured.length, ...more }),
    ...(jobs === 0 ? [] : [why('shared-now', { jobs, percent: Math.ceil(share * 100) })]),
  ];
}
