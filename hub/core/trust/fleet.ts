import type { Capabilities } from '#protocol/messages/control.ts';
import { between, type Instant } from '#protocol/values/units.ts';
import type { Device } from '../state/device.ts';
import type { Hub } from '../state/hub.ts';
import type { Fleet, Job } from '../state/job.ts';
import { matchProblem } from './classes.ts';

/** A crowd is not counted anew for each of its messages. */
const CROWD = { devices: 64, everyMs: 250 } as const;
/**
 * A device counts as so many times as fast as the median, at most: what one that lies of its speed
 * does to the mean of a fleet is bounded.
 */
const FASTEST = 32;

/** A device is this many times as fast or as slow as its like, at most. */
const PACE_MAX = 4;

interface Measured {
  hardware: string;
  speed: number;
  pace: number;
}

/** Devices of one hardware: how many, and the sum of their speeds or paces. */
interface Like {
  count: number;
  sum: number;
}

function addTo(all: Map<string, Like>, hardware: string, more: number): void {
  const { count = 0, sum = 0 } = all.get(hardware) ?? {};
  all.set(hardware, { count: count + 1, sum: sum + more });
}

type Counted = Pick<Job, 'packageId' | 'fleet' | 'record' | 'manifest'>;

/** Names what devices of like speeds have in common, as far as they say. */
export const nameHardware = ({ adapter = '', threads }: Capabilities): string =>
  `${threads} ${adapter}`;

/** Counts the devices that are admitted to a job and of its classes, and adds up their speed. */
export function countFleet(
  { hub, world }: { hub: Pick<Hub, 'devices'>; world: { now: Instant } },
  job: Counted,
): void {
  const { packageId, fleet: before } = job;
  if (packageId === undefined) return;
  const isFresh = between(before.countedAt, world.now) < CROWD.everyMs;
  if (isFresh && hub.devices.size > CROWD.devices) return;
  let [speed, trying] = [0, 0];
  const known: Measured[] = [];
  const others = new Map<string, Like>();
  const tried: string[] = [];
  for (const device of hub.devices.values()) {
    if (matchProblem(job, device) !== undefined) continue;
    const { hardware } = device;
    const admission = device.admitted.get(packageId);
    if (admission !== undefined) {
      speed += 1 / admission.unitMs;
      known.push({ hardware, speed: 1 / admission.unitMs, pace: device.pace });
      continue;
    }
    if (device.admitting?.package === packageId) {
      trying += 1;
      tried.push(hardware);
    }
    if (mayFit(job, device)) addTo(others, hardware, device.pace);
  }
  const devices = known.length + trying;
  job.fleet = { speed, devices, ...expectSpeeds(known, others), countedAt: world.now };
  for (const hardware of tried) noteTried(job.fleet, hardware);
}

/** A device tries a job: whether its like should is known when it has. */
export function noteTried({ expected }: Fleet, hardware: string): void {
  if (!expected.has(hardware)) expected.set(hardware, 'tried');
}

const mayFit = ({ packageId, manifest }: Counted, { unfit, capabilities }: Device): boolean =>
  packageId !== undefined &&
  !unfit.has(packageId) &&
  (manifest === undefined || manifest.peakBytes <= capabilities.memoryBytes);

/** What a unit takes devices by their hardware, and all that may have the job, in the mean. */
function expectSpeeds(
  known: readonly Measured[],
  others: ReadonlyMap<string, Like>,
): Pick<Fleet, 'unitMs' | 'expected'> {
  const sorted = Float64Array.from(known, ({ speed }) => speed).sort();
  const most = FASTEST * (sorted[sorted.length >> 1] ?? 0);
  let [count, sum] = [known.length, 0];
  const like = new Map<string, Like>();
  for (const { hardware, speed, pace } of known) {
    sum += Math.min(speed, most);
    addTo(like, hardware, Math.min(speed, most) / pace);
  }
  const expected: Fleet['expected'] = new Map();
  for (const [hardware, measured] of like) {
    const unitMs = measured.count / measured.sum;
    const rest = others.get(hardware) ?? { count: 0, sum: 0 };
    count += rest.count;
    sum += rest.sum / unitMs;
    expected.set(hardware, unitMs);
  }
  return { unitMs: count === 0 ? 0 : count / sum, expected };
}

/** Learns how fast a device is against devices of its hardware, in the mean of its models. */
export function learnPace({ openJobs }: Pick<Hub, 'openJobs'>, device: Device): void {
  const ratios: number[] = [];
  for (const { packageId, fleet } of openJobs.values()) {
    const unitMs = packageId && device.admitted.get(packageId)?.unitMs;
    const like = fleet.expected.get(device.hardware);
    if (unitMs && typeof like === 'number') ratios.push(Math.log(like / unitMs));
  }
  if (ratios.length === 0) return;
  const pace = Math.exp(ratios.reduce((sum, each) => sum + each) / ratios.length);
  device.pace = Math.min(PACE_MAX, Math.max(1 / PACE_MAX, pace));
}
