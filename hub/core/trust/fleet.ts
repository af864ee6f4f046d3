import type { Digest } from '#protocol/values/ids.ts';
import { between, type Instant, type Millis } from '#protocol/values/units.ts';
import type { Fleet } from '../state/job.ts';

interface Crowd {
  devices: ReadonlyMap<unknown, { admitted: ReadonlyMap<Digest, { unitMs: Millis }> }>;
}

/** A crowd is not counted anew for each of its messages. */
const CROWD = { devices: 64, everyMs: 250 } as const;

/** Adds up the speed of the devices that are admitted to a job. */
export function countFleet(
  { hub, world }: { hub: Crowd; world: { now: Instant } },
  job: { packageId?: Digest; fleet: Fleet },
): void {
  const { packageId, fleet: before } = job;
  if (packageId === undefined) return;
  const isFresh = between(before.countedAt, world.now) < CROWD.everyMs;
  if (isFresh && hub.devices.size > CROWD.devices) return;
  let speed = 0;
  for (const { admitted } of hub.devices.values()) {
    const admission = admitted.get(packageId);
    if (admission !== undefined) speed += 1 / admission.unitMs;
  }
  job.fleet = { speed, countedAt: world.now };
}
