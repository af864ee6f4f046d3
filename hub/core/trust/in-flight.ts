import { shardsInFlight, unitNumber, unitsBehind } from '#protocol/checks/check-policy.ts';
import { type PackageManifest, unitCost } from '#protocol/models/package.ts';
import type { PublicKey } from '#protocol/values/ids.ts';
import { type Reason, why } from '#protocol/values/reason.ts';
import type { Device } from '../state/device.ts';
import type { Hub } from '../state/hub.ts';
import type { Job, KeptShard } from '../state/job.ts';
import { isNew } from './newcomers.ts';
import { isOnProbation, probationUnits } from './probation.ts';

/**
 * How much of one device may be out and not judged. A cheat that is found loses what is not judged
 * yet, and no more is at risk than that: a new device has two shards in flight, the one it computes
 * and the one it fetches ahead, and a trusted one up to twenty. Shards of open jobs may hold one unit
 * each: of these as many may be out as together are no more than one shard of another job.
 */

/** Units out of open jobs at most, and what they may take on the exact lane. */
const OPEN_OUT = { units: 32, ms: 4_000 } as const;

/** An accepted shard goes to the verifiers. */
export function awaitCheck(hub: Hub, kept: KeptShard): void {
  hub.unjudged.set(kept.sequence, kept);
  kept.awaitsCheck = true;
  const { shards = 0, units = 0 } = hub.inFlight.get(kept.device) ?? {};
  hub.inFlight.set(kept.device, { shards: shards + 1, units: units + kept.unitCount });
}

/** It is judged, or void, or its job is over. Says whether it had waited until now. */
export function endCheck({ inFlight }: Hub, kept: KeptShard): boolean {
  if (kept.awaitsCheck === undefined) return false;
  delete kept.awaitsCheck;
  const { shards = 0, units = 0 } = inFlight.get(kept.device) ?? {};
  if (shards <= 1) inFlight.delete(kept.device);
  else inFlight.set(kept.device, { shards: shards - 1, units: units - kept.unitCount });
  return true;
}

/** What the next unit of a device would be counted by, of a package. */
export const countedOf = (
  { deviceRecords }: Hub,
  device: PublicKey,
  manifest: PackageManifest,
) => ({
  workBefore: deviceRecords.get(device)?.standing ?? 0,
  unitCost: unitCost(manifest),
});

/** Why a device has to wait for verifiers before it gets more of this job, if so. */
export function unjudgedProblem(hub: Hub, device: Device, job: Job): Reason | undefined {
  const { config, inFlight } = hub;
  if (!config.needsVerifier || job.manifest === undefined) return undefined;
  const { shards = 0 } = inFlight.get(device.key) ?? {};
  const out = shards + device.leases.size;
  const most = shardsInFlight(config.checks, unitNumber(countedOf(hub, device.key, job.manifest)));
  const mayMore = out < most || openRoom(hub, device, job) > 0;
  if (mayMore && !(out > 0 && mustBeJudged(hub, device, job.manifest))) return undefined;
  return why('unjudged', { shards });
}

/** How many units of an open job may join what is out of a device. */
function openRoom({ inFlight, leases }: Hub, device: Device, { record, manifest }: Job): number {
  if (record.open === undefined || manifest === undefined) return 0;
  let out = inFlight.get(device.key)?.units ?? 0;
  for (const id of device.leases) out += leases.get(id)?.lease.unitCount ?? 0;
  const most = Math.min(OPEN_OUT.units, OPEN_OUT.ms / Math.max(manifest.referenceUnitMs, 1));
  return Math.max(0, Math.floor(most) - out);
}

/**
 * Whether all that a device has out must be judged before it is lent this: it would be the end of
 * its probation, for which it takes places for good. On probation it has units of one cost at a
 * time, since cheap ones would be past it if dear ones were accepted before them.
 */
function mustBeJudged(hub: Hub, device: Device, manifest: PackageManifest): boolean {
  if (probationUnits(hub.config.checks) === 0 || !isNew(hub, device.key)) return false;
  const leases = [...device.leases].flatMap((id) => hub.leases.get(id) ?? []);
  const cost = unitCost(manifest);
  return unitsLeft(hub, device, manifest) <= 0 || leases.some((each) => each.unitCost !== cost);
}

/** Below T units a device gets no more at once than is left of them: then it is judged. */
export function unitsBeforeTrust(hub: Hub, device: Device, job: Job): number {
  const { checks, needsVerifier } = hub.config;
  if (!needsVerifier || job.manifest === undefined) return Infinity;
  if (!isOnProbation(hub, countedOf(hub, device.key, job.manifest))) return Infinity;
  const left = unitsLeft(hub, device, job.manifest);
  const most = left > 0 ? left : probationUnits(checks);
  // One shard of an open job may hold no more than all of its small ones.
  return job.record.open === undefined ? most : Math.min(most, OPEN_OUT.units);
}

/** How many units of a package are missing from T when all is accepted that a device is lent. */
function unitsLeft(hub: Hub, device: Device, manifest: PackageManifest): number {
  const counted = countedOf(hub, device.key, manifest);
  let left = probationUnits(hub.config.checks) - unitsBehind(counted);
  for (const id of device.leases) {
    const active = hub.leases.get(id);
    if (active === undefined) continue;
    left -= Math.ceil((active.lease.unitCount * active.unitCost) / counted.unitCost);
  }
  return left;
}
