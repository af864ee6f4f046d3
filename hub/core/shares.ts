import type { PublicKey } from '#protocol/ids.ts';
import type { AcceptedShard } from '#protocol/records.ts';
import { between, type Instant, instant } from '#protocol/units.ts';
import type { Reason, Turn } from './effects.ts';
import type { NetworkLabel } from './events.ts';
import { fitProblem } from './fit.ts';
import { mayBegin } from './newcomers.ts';
import type { Hub, Job } from './state.ts';

/**
 * How much of one job a device, or all devices of one network, may have: what is lent to them and what
 * stands of what they delivered. Caps hold where so many others work on the job that it goes on without
 * those who have their share. A network is a label that says nothing; it is known of devices that were
 * here since the hub started, and what a device has goes with it to another network.
 */
const DEVICE_CAP = { devices: 40, parts: 20 } as const;
const NETWORK_CAP = { networks: 20, parts: 10 } as const;

/** Who has units of a job. */
export type Holder = PublicKey | NetworkLabel;
type Run = Pick<AcceptedShard, 'unitCount'>;

function holdersOf({ networks }: Hub, device: PublicKey): Holder[] {
  const network = networks.get(device);
  return network === undefined ? [device] : [device, network];
}

/** A device has these units from now on, lent or delivered. */
export function holdUnits(hub: Hub, job: Job, by: { device: PublicKey; run: Run }): void {
  for (const holder of holdersOf(hub, by.device)) addShare(job, holder, by.run.unitCount);
}

/** It has them no more: the lease ended without a result, or the result is void. */
export function letUnitsGo(hub: Hub, job: Job, by: { device: PublicKey; run: Run }): void {
  for (const holder of holdersOf(hub, by.device)) dropShare(job, holder, by.run.unitCount);
  if (!hub.devices.has(by.device)) leaveNetwork(hub, by.device);
}

function addShare({ shares }: Job, holder: Holder, units: number): void {
  shares.set(holder, (shares.get(holder) ?? 0) + units);
}

function dropShare({ shares }: Job, holder: Holder, units: number): void {
  const left = (shares.get(holder) ?? 0) - units;
  if (left > 0) shares.set(holder, left);
  else shares.delete(holder);
}

/** A device is here, in this network, and what it has of any job with it. */
export function enterNetwork(hub: Hub, device: PublicKey, network: NetworkLabel | undefined): void {
  const before = hub.networks.get(device);
  if (before === network) return;
  for (const job of hub.jobs.values()) {
    const units = job.shares.get(device);
    if (units === undefined) continue;
    if (before !== undefined) dropShare(job, before, units);
    if (network !== undefined) addShare(job, network, units);
  }
  if (network === undefined) hub.networks.delete(device);
  else hub.networks.set(device, network);
}

/** A device has gone: its network is remembered while it has units of a job. */
export function leaveNetwork({ networks, jobs }: Hub, device: PublicKey): void {
  if (!networks.has(device)) return;
  for (const { shares } of jobs.values()) if (shares.has(device)) return;
  networks.delete(device);
}

/** A job is over, and who had what of it. */
export function forgetShares(hub: Hub, job: Job): void {
  const holders = [...job.shares.keys()];
  job.shares.clear();
  for (const holder of holders) {
    const device = holder as PublicKey;
    if (!hub.devices.has(device)) leaveNetwork(hub, device);
  }
}

/** Units that a device may still get of a job. */
export function unitsLeft({ config, networks }: Hub, job: Job, device: PublicKey): number {
  const { fleet } = job;
  if (!config.capShares) return Infinity;
  const own = fleet.devices < DEVICE_CAP.devices ? Infinity : leftOf(job, device, DEVICE_CAP);
  if (fleet.networks < NETWORK_CAP.networks) return own;
  const network = networks.get(device);
  return network === undefined ? own : Math.min(own, leftOf(job, network, NETWORK_CAP));
}

function leftOf({ record, shares }: Job, holder: Holder, { parts }: { parts: number }): number {
  return Math.max(0, Math.ceil(record.units / parts) - (shares.get(holder) ?? 0));
}

/** Why a device gets no more of a job that has enough others. */
export function shareProblem(hub: Hub, job: Job, device: PublicKey): Reason | undefined {
  if (unitsLeft(hub, job, device) > 0) return undefined;
  const message = `this device, or its network, has its share of "${job.record.name}"; the rest is for others`;
  return { code: 'at-capacity', message };
}

/** Who works on a job: is fit for it, computes or asks for work, and may begin. */
export interface Fleet {
  devices: number;
  networks: number;
  /** Units per millisecond of those admitted who have not their share yet. */
  speed: number;
  countedAt: Instant;
}

export const NO_FLEET: Fleet = { devices: 0, networks: 0, speed: 0, countedAt: instant(0) };
/** A crowd is not counted anew for each of its messages. */
const CROWD = { devices: 64, everyMs: 250 } as const;

/** Most devices at work are admitted and hold a lease, and need no closer look. */
export function countFleet({ hub, world }: Turn, job: Job): void {
  const { packageId, fleet: before } = job;
  if (packageId === undefined) return;
  const isFresh = between(before.countedAt, world.now) < CROWD.everyMs;
  if (isFresh && hub.devices.size > CROWD.devices) return;
  const networks = new Set<NetworkLabel>();
  const fleet = { ...NO_FLEET, countedAt: world.now };
  for (const device of hub.devices.values()) {
    const { key, admitted, unfit, leases, credits } = device;
    const admission = admitted.get(packageId);
    if (admission !== undefined && unitsLeft(hub, job, key) > 0)
      fleet.speed += 1 / admission.unitMs;
    if (leases.size === 0 && (credits === 0 || !mayBegin(hub, key))) continue;
    const isFit =
      admission === undefined ? fitProblem(hub, device, job) === undefined : !unfit.has(packageId);
    if (!isFit) continue;
    fleet.devices += 1;
    const network = hub.networks.get(key);
    if (network !== undefined) networks.add(network);
  }
  fleet.networks = networks.size;
  job.fleet = fleet;
}
