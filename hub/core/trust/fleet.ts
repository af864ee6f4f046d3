import type { Digest } from '#protocol/values/ids.ts';
import { between, type Instant, type Millis } from '#protocol/values/units.ts';
import type { Fleet } from '../state/job.ts';

interface Crowd {
  devices: ReadonlyMap<
    unknown,
    { admitted: ReadonlyMap<Digest, { unitMs: Millis }>; admitting?: { package: Digest } }
  >;
}

/** A crowd is not counted anew for each of its messages. */
const CROWD = { devices: 64, everyMs: 250 } as const;

/** Counts the devices that are admitted to a job, and adds up their speed. */
export function countFleet(
  { hub, world }: { hub: Crowd; world: { now: Instant } },
  job: { packageId?: Digest; fleet: Fleet },
): void {
  const { packageId, fleet: before } = job;
  if (packageId === undefined) return;
  const isFresh = between(before.countedAt, world.now) < CROWD.everyMs;
  if (isFresh && hub.devices.size > CROWD.devices) return;
  let [speed, devices] = [0, 0];
  for (const { admitted, admitting } of hub.devices.values()) {
    const admission = admitted.get(packageId);
    if (admission !== undefined) speed += 1 / admission.unitMs;
    if (admission !== undefined || admitting?.package === packageId) devices += 1;
  }
  job.fleet = { speed, devices, countedAt: world.now };
}
