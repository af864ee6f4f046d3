import { shardsInFlight, unitNumber, unitsBehind } from '#protocol/checks/check-policy.ts';
import { type PackageManifest, unitCost } from '#protocol/models/package.ts';
import type { PublicKey } from '#protocol/values/ids.ts';
import { type Reason, why } from '#protocol/values/reason.ts';
import type { Device } from '../state/device.ts';
import type { Hub } from '../state/hub.ts';
import type { Job, KeptShard } from '../state/job.ts';

/**
 * How much of one device may be out and not judged. A cheat that is found loses what is not judged
 * yet, and no more is at risk than that: a new device has two shards in flight, the one it computes
 * and the one it fetches ahead, and a trusted one up to twenty.
 */

/** An accepted shard goes to the verifiers. */
export function awaitCheck(hub: Hub, kept: KeptShard): void {
  hub.unjudged.set(kept.sequence, kept);
  kept.awaitsCheck = true;
  hub.inFlight.set(kept.device, (hub.inFlight.get(kept.device) ?? 0) + 1);
}

/** It is judged, or void, or its job is over. Says whether it had waited until now. */
export function endCheck({ inFlight }: Hub, kept: KeptShard): boolean {
  if (kept.awaitsCheck === undefined) return false;
  delete kept.awaitsCheck;
  const rest = (inFlight.get(kept.device) ?? 0) - 1;
  if (rest > 0) inFlight.set(kept.device, rest);
  else inFlight.delete(kept.device);
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
  const waiting = inFlight.get(device.key) ?? 0;
  const most = shardsInFlight(config.checks, unitNumber(countedOf(hub, device.key, job.manifest)));
  if (waiting + device.leases.size < most) return undefined;
  return why('unjudged', { shards: waiting });
}

/** Below T units a device gets no more at once than is left of them: then it is judged. */
export function unitsBeforeTrust(hub: Hub, device: Device, job: Job): number {
  const { checks, needsVerifier } = hub.config;
  if (!needsVerifier || checks.type === 'flat' || job.manifest === undefined) return Infinity;
  const { trustUnits } = checks;
  const counted = countedOf(hub, device.key, job.manifest);
  const behind = unitsBehind(counted);
  if (behind >= trustUnits) return Infinity;
  let left = trustUnits - behind;
  for (const id of device.leases) {
    const active = hub.leases.get(id);
    if (active === undefined) continue;
    left -= Math.ceil((active.lease.unitCount * active.unitCost) / counted.unitCost);
  }
  return left > 0 ? left : trustUnits;
}
