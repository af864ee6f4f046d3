import { shardsInFlight, standingName } from '#protocol/checks/check-policy.ts';
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
  const name = standingName(kept.device, kept.package);
  hub.inFlight.set(name, (hub.inFlight.get(name) ?? 0) + 1);
}

/** It is judged, or void, or its job is over. Says whether it had waited until now. */
export function endCheck({ inFlight }: Hub, kept: KeptShard): boolean {
  if (kept.awaitsCheck === undefined) return false;
  delete kept.awaitsCheck;
  const name = standingName(kept.device, kept.package);
  const rest = (inFlight.get(name) ?? 0) - 1;
  if (rest > 0) inFlight.set(name, rest);
  else inFlight.delete(name);
  return true;
}

/** Why a device has to wait for verifiers before it gets more of this job, if so. */
export function unjudgedProblem(hub: Hub, device: Device, job: Job): Reason | undefined {
  const { config, inFlight, standings } = hub;
  if (!config.needsVerifier || job.packageId === undefined) return undefined;
  const name = standingName(device.key, job.packageId);
  const waiting = inFlight.get(name) ?? 0;
  const most = shardsInFlight(config.checks, (standings.get(name) ?? 0) + 1);
  if (waiting + device.leases.size < most) return undefined;
  return why('unjudged', { shards: waiting });
}

/** Below T units a device gets no more at once than is left of them: then it is judged. */
export function unitsBeforeTrust(hub: Hub, device: Device, job: Job): number {
  const { checks, needsVerifier } = hub.config;
  if (!needsVerifier || checks.type === 'flat' || job.packageId === undefined) return Infinity;
  const { trustUnits } = checks;
  const behind = hub.standings.get(standingName(device.key, job.packageId)) ?? 0;
  if (behind >= trustUnits) return Infinity;
  let left = trustUnits - behind;
  for (const id of device.leases) {
    const lease = hub.leases.get(id)?.lease;
    if (lease?.package === job.packageId) left -= lease.unitCount;
  }
  return left > 0 ? left : trustUnits;
}
