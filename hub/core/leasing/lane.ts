import type { JobId, PublicKey } from '#protocol/values/ids.ts';
import { between, type Instant } from '#protocol/values/units.ts';
import type { Device } from '../state/device.ts';
import type { Hub } from '../state/hub.ts';
import type { ActiveLease, Job } from '../state/job.ts';
import { takesInputs } from '../state/questions.ts';
import { matchProblem } from '../trust/classes.ts';
import type { Turn } from '../turn.ts';

/**
 * Somebody waits for each unit of an open job. Devices are set up for it before they are needed, and
 * some of them get nothing else while it is asked; a lease that is late by what its job usually
 * takes gets a twin.
 */

/** How long a job counts as asked. */
const ASKED_MS = 60_000;
const ASKED_KEPT = 256;
const TOOK_KEPT = 64;
/** Devices that are set up for an open job at least: one computes, one stands in for it. */
const READY_LEAST = 2;
/** A lease gets a twin after this much time at least, and only where so many others are known. */
const TWIN = { leastMs: 50, samples: 8 } as const;

/** Inputs came. */
export function noteAsked({ traffic }: Job, now: Instant): void {
  traffic.askedAt.push(now);
  if (traffic.askedAt.length > ASKED_KEPT) traffic.askedAt.shift();
}

/** A lease of an open job ended with its result. */
export function noteTook({ record, traffic }: Job, active: ActiveLease, now: Instant): void {
  if (record.open === undefined) return;
  traffic.tookMs.push(between(active.issuedAt, now));
  if (traffic.tookMs.length > TOOK_KEPT) traffic.tookMs.shift();
}

/** How often an open job was asked of late. */
const countAsked = ({ traffic }: Job, now: Instant): number =>
  traffic.askedAt.filter((at) => between(at, now) < ASKED_MS).length;

/** Devices that the newest traffic of a job keeps busy, with as many again to spare. */
function countNeeded(job: Job, now: Instant): number {
  const { tookMs } = job.traffic;
  const mean = tookMs.reduce((sum, ms) => sum + ms, 0) / Math.max(1, tookMs.length);
  return 1 + Math.ceil((2 * countAsked(job, now) * mean) / ASKED_MS);
}

/** Whether one more device is to be set up for a job of which nothing is open. */
export const wantsDevice = ({ world }: Turn, job: Job): boolean =>
  takesInputs(job) && job.fleet.devices < Math.max(READY_LEAST, countNeeded(job, world.now));

/**
 * Counts anew which open jobs are asked, and which devices are kept ready: the fastest for each of
 * these, at most half of them.
 */
export function chooseReady({ hub, world }: Turn): void {
  hub.ready = new Map();
  hub.asked = new Set();
  for (const job of hub.openJobs.values()) {
    const { packageId: id } = job;
    if (!takesInputs(job) || id === undefined || countAsked(job, world.now) === 0) continue;
    hub.asked.add(id);
    const able = rankDevices([...hub.devices.values()], job);
    const needed = Math.min(countNeeded(job, world.now), Math.floor(able.length / 2));
    for (const { key } of able.slice(0, needed)) {
      hub.ready.set(key, [...(hub.ready.get(key) ?? []), job.record.id]);
    }
  }
}

/** Whether a device is set up for an open job that is asked. */
export function isAwaited({ asked }: Hub, { admitted }: Device): boolean {
  for (const id of asked) if (admitted.has(id)) return true;
  return false;
}

/** The jobs that a device is kept ready for. */
export const readyFor = ({ ready }: Hub, key: PublicKey): readonly JobId[] => ready.get(key) ?? [];

/** Devices that are set up for a job, those first that would be through with a unit first. */
export function rankDevices(devices: readonly Device[], job: Job): Device[] {
  const { packageId: id } = job;
  return devices
    .flatMap((device) => {
      const admission = id && device.admitted.get(id);
      if (!admission || matchProblem(job, device) !== undefined) return [];
      const { leases, roundTripMs = 0 } = device;
      return [{ device, leases: leases.size, waitMs: admission.unitMs + roundTripMs }];
    })
    .sort((a, b) => a.leases - b.leases || a.waitMs - b.waitMs)
    .map(({ device }) => device);
}

/** After how long a lease of an open job gets a twin: what 95 of 100 took less than. */
export function twinAfterMs({ record, traffic: { tookMs } }: Job): number | undefined {
  if (record.open === undefined || tookMs.length < TWIN.samples) return undefined;
  const sorted = [...tookMs].sort((a, b) => a - b);
  return Math.max(TWIN.leastMs, sorted[Math.floor(sorted.length * 0.95)] ?? 0);
}
