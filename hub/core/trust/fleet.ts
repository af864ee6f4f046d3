import { between, type Instant } from '#protocol/values/units.ts';
import type { Hub } from '../state/hub.ts';
import type { Job } from '../state/job.ts';
import { classProblem } from './classes.ts';

/** A crowd is not counted anew for each of its messages. */
const CROWD = { devices: 64, everyMs: 250 } as const;

/** Counts the devices that are admitted to a job and of its classes, and adds up their speed. */
export function countFleet(
  { hub, world }: { hub: Pick<Hub, 'devices'>; world: { now: Instant } },
  job: Pick<Job, 'packageId' | 'fleet' | 'record'>,
): void {
  const { packageId, fleet: before } = job;
  if (packageId === undefined) return;
  const isFresh = between(before.countedAt, world.now) < CROWD.everyMs;
  if (isFresh && hub.devices.size > CROWD.devices) return;
  let [speed, devices] = [0, 0];
  for (const device of hub.devices.values()) {
    const { admitted, admitting } = device;
    if (classProblem(job, device) !== undefined) continue;
    const admission = admitted.get(packageId);
    if (admission !== undefined) speed += 1 / admission.unitMs;
    if (admission !== undefined || admitting?.package === packageId) devices += 1;
  }
  job.fleet = { speed, devices, countedAt: world.now };
}
