import { LEASE_UNITS_MAX } from '#protocol/messages/control.ts';
import { unitCost } from '#protocol/models/package.ts';
import type { JobId, LeaseId } from '#protocol/values/ids.ts';
import type { RefusalCode } from '#protocol/values/refusal.ts';
import { after, between, type Millis, millis } from '#protocol/values/units.ts';
import { kindOf } from '../kinds/kind-of.ts';
import type { Admission, Device } from '../state/device.ts';
import type { ActiveLease, Job } from '../state/job.ts';
import { addRun } from '../state/ranges.ts';
import { returnPlace, takePlace } from '../trust/newcomers.ts';
import { giveUp, neverRevealed, rememberEnd } from '../trust/unrevealed.ts';
import { changed, send, sendDevice, store, type Turn } from '../turn.ts';
import { noteFailure } from './suspects.ts';
import { tellAbout } from './tell-about.ts';

/** A shard takes 2–10 s; we aim at the lower middle, so that little is lost when a phone leaves. */
export const SHARD_MS = { aim: 4_000, first: 2_000, least: 400 } as const;
/**
 * Bytes of one shard: what a phone can hold, and send in one frame. A device that nothing was accepted
 * from yet fetches little: its line may be slow, and somebody looks at it.
 */
const SHARD_BYTES_MAX = {
  first: 16 * 1024,
  fetched: 32 * 1024 * 1024,
  sent: 16 * 1024 * 1024,
  held: 16 * 1024 * 1024,
} as const;
/** `bytesPerMs`: half of 2 Mbit/s, the slowest line that can help; two shards may share it. */
const DEADLINE = { factor: 3, slackMs: 15_000, bytesPerMs: 128 } as const;
/** Behind a hub that stood still: devices wait for a minute before they try again. */
const AWAY_MS = { computing: 5_000, logged: 60_000, woken: 120_000 } as const;

/** What a shard is to take at most. */
export interface ShardAim {
  ms: number;
  /** It is the first that a device gets. */
  isFirst: boolean;
}

/**
 * Units for a device's next shard: as long as it aims at by its measured speed, and less when the
 * job's end is nearer than that, so that all devices finish together.
 */
export function sizeShard(job: Job, admission: Admission, aim: ShardAim): number {
  const perUnit = Math.max(admission.unitMs, 0.001);
  const { open, fleet, record } = job;
  const left = fleet.speed > 0 ? open.count / fleet.speed : Infinity;
  // Somebody waits for all units of an open job, and for no other.
  const time =
    record.open === undefined
      ? Math.max(SHARD_MS.least, Math.min(aim.ms, left / 2))
      : Math.min(aim.ms, left);
  const { fetched, sent, held } = job.unitSizes;
  const limit = Math.min(
    LEASE_UNITS_MAX,
    SHARD_BYTES_MAX[aim.isFirst ? 'first' : 'fetched'] / Math.max(fetched, 1),
    SHARD_BYTES_MAX.sent / Math.max(sent, 1),
    SHARD_BYTES_MAX.held / Math.max(held, 1),
  );
  return Math.max(1, Math.min(Math.floor(limit), Math.round(time / perUnit)));
}

/** Lends the units [first, first + count) of a job to a device and tells it. */
export function grantLease(
  turn: Turn,
  job: Job,
  grant: {
    device: Device;
    admission: Admission;
    first: number;
    count: number;
    twin?: LeaseId;
  },
): LeaseId | undefined {
  const { device, admission, first, count, twin } = grant;
  const { hub, world } = turn;
  if (job.packageId === undefined || job.manifest === undefined) return undefined;
  const expectedMs = millis(count * admission.unitMs);
  const travelMs = (count * unitTravelBytes(job)) / DEADLINE.bytesPerMs;
  const deadlineMs = leaseDeadline(turn, device, millis(expectedMs + travelMs / DEADLINE.factor));
  const lease = {
    id: world.random().slice(0, 32) as LeaseId,
    job: job.record.id,
    package: job.packageId,
    firstUnit: first,
    unitCount: count,
    inputs: kindOf(job).sliceInputs(job, first, count),
    deadlineMs,
  };
  const active: ActiveLease = {
    lease,
    unitCost: unitCost(job.manifest),
    donated: donates(device, lease.job) ? true : undefined,
    device: device.key,
    class: admission.class,
    provider: admission.provider,
    stage: 'computing',
    issuedAt: world.now,
    expectedMs,
    deadlineAt: after(world.now, deadlineMs),
    ...(twin === undefined ? {} : { twin }),
  };
  hub.leases.set(lease.id, active);
  job.leases.add(lease.id);
  if (twin === undefined) job.leasedUnits += count;
  device.leases.add(lease.id);
  takePlace(hub, device.key, active.unitCost);
  device.credits -= 1;
  if (device.credits === 0) hub.waiting.delete(device.key);
  delete device.idle;
  tellAbout(turn, device, job);
  sendDevice(turn, device.key, { type: 'lease', lease });
  return lease.id;
}

const donates = ({ donates: to }: Device, job: JobId): boolean =>
  to === 'all' || (to !== 'none' && to.includes(job));

const unitTravelBytes = ({ unitSizes: { fetched, sent } }: Job): number => fetched + sent;

/** Three times what the device needs for this shard and those before it, and some slack. */
function leaseDeadline(turn: Turn, device: Device, expectedMs: Millis): Millis {
  let queued = 0;
  for (const id of device.leases) queued += turn.hub.leases.get(id)?.expectedMs ?? 0;
  return millis((queued + expectedMs) * DEADLINE.factor + DEADLINE.slackMs);
}

/** How a lease ends: delivered, given up through nobody's fault, or let down by its device. */
export type LeaseEnd = 'accepted' | 'reopen' | 'failed';

/** Takes a lease out of every index. Its units reopen unless a twin still covers them. */
export function endLease(turn: Turn, active: ActiveLease, how: LeaseEnd): void {
  const { hub } = turn;
  const { id, job: jobId, firstUnit, unitCount } = active.lease;
  hub.leases.delete(id);
  hub.devices.get(active.device)?.leases.delete(id);
  returnPlace(hub, active.device, how === 'failed' ? 'failed' : undefined);
  if (how === 'accepted') rememberEnd(hub, active, 'unit-already-accepted');
  else giveUp(turn, active, how === 'failed');
  const job = hub.jobs.get(jobId);
  if (job === undefined) return;
  job.leases.delete(id);
  const twin = active.twin === undefined ? undefined : hub.leases.get(active.twin);
  if (twin !== undefined) {
    delete twin.twin;
    if (how !== 'accepted') return;
  }
  job.leasedUnits -= unitCount;
  if (how !== 'accepted' && (job.state === 'running' || job.state === 'finishing')) {
    addRun(job.open, firstUnit, firstUnit + unitCount);
    changed(turn, job);
  }
}

/** Ends a lease and says so to its device. */
export function revokeLease(
  turn: Turn,
  active: ActiveLease,
  reason: { code: RefusalCode; message: string; how?: LeaseEnd },
): void {
  const { code, message, how = 'reopen' } = reason;
  endLease(turn, active, how);
  sendDevice(turn, active.device, { type: 'revoked', lease: active.lease.id, code, message });
}

/** The device has gone: it has a short while to come back, longer when it has committed. */
export function pauseLeases(turn: Turn, device: Device): void {
  const { hub, world } = turn;
  const isWoken = hub.wokeAt !== undefined && between(hub.wokeAt, world.now) < AWAY_MS.woken;
  for (const id of device.leases) {
    const active = hub.leases.get(id);
    if (active === undefined) continue;
    const away = active.stage === 'computing' ? AWAY_MS.computing : AWAY_MS.logged;
    active.graceUntil = after(world.now, millis(isWoken ? AWAY_MS.woken : away));
  }
}

/**
 * The device is back: its leases go on where they were. It is told again of those that it has not
 * committed to, since that word may be lost with its last socket.
 */
export function resumeLeases(turn: Turn, device: Device): void {
  for (const active of turn.hub.leases.values()) {
    if (active.device !== device.key) continue;
    delete active.graceUntil;
    delete active.revived;
    device.leases.add(active.lease.id);
    if (active.stage === 'computing') {
      const job = turn.hub.jobs.get(active.lease.job);
      if (job !== undefined) tellAbout(turn, device, job);
      send(turn, device.socket, { type: 'lease', lease: active.lease });
    }
  }
}

/** After a restart, logged commitments may be opened for a minute, where their units are free. */
export function reviveLeases(turn: Turn): void {
  const { hub, world } = turn;
  for (const active of hub.leases.values()) {
    active.revived = true;
    active.issuedAt = world.now;
    active.deadlineAt = after(world.now, millis(AWAY_MS.logged));
  }
  const lost = [...hub.commitments.values()].filter(({ shard }) => !hub.leases.has(shard.lease));
  if (lost.length === 0) return;
  const facts = lost.map((committed) =>
    neverRevealed(turn, committed, { atFault: false, resets: false }),
  );
  store(turn, facts);
}

/** The disk took no writes for a while, and nobody is at fault for what is late. */
export const extendLeases = (turn: Turn): void => extendTo(turn, AWAY_MS.logged);

/** The hub stood still, and devices that gave it up meanwhile are not at fault: they come back. */
export function wakeLeases(turn: Turn): void {
  turn.hub.wokeAt = turn.world.now;
  extendTo(turn, AWAY_MS.woken);
}

function extendTo({ hub, world }: Turn, ms: number): void {
  const least = after(world.now, millis(ms));
  for (const active of hub.leases.values()) {
    if (active.deadlineAt < least) active.deadlineAt = least;
    if (active.graceUntil !== undefined && active.graceUntil < least) active.graceUntil = least;
  }
}

/** Ends leases whose deadline has passed; their units are open again. */
export function expireLeases(turn: Turn): void {
  const { now } = turn.world;
  for (const active of [...turn.hub.leases.values()]) {
    // What is being written ends with the write.
    if (active.stage === 'logging' || active.stage === 'accepting') continue;
    if (active.graceUntil !== undefined && active.graceUntil <= now) {
      rememberEnd(turn.hub, active, 'lease-expired');
      endLease(turn, active, endOf(active));
      noteSilence(turn, active);
    } else if (active.deadlineAt <= now) expireLease(turn, active);
  }
}

/** Ends a lease that is past its deadline. */
export function expireLease(turn: Turn, active: ActiveLease): void {
  rememberEnd(turn.hub, active, 'lease-expired');
  const message = `the shard was not revealed within ${active.lease.deadlineMs} ms; its units are open again`;
  revokeLease(turn, active, { code: 'lease-expired', message, how: endOf(active) });
  noteSilence(turn, active);
}

/** A unit may have hung its device, or ended the tab: that cannot be told from a line that broke. */
function noteSilence(
  { hub }: Turn,
  { lease, device, provider, stage, revived }: ActiveLease,
): void {
  const job = hub.jobs.get(lease.job);
  if (job === undefined || stage !== 'computing' || revived === true) return;
  const units = { first: lease.firstUnit, count: lease.unitCount };
  noteFailure(job, units, { device, provider, isSilent: true });
}

/** The hub was gone, and the device may be waiting to hear of it: nobody's fault. */
const endOf = ({ revived }: ActiveLease): LeaseEnd => (revived ? 'reopen' : 'failed');

/** A twin whose sibling delivered first is of no more use. */
export function endTwin(turn: Turn, active: ActiveLease): ActiveLease | undefined {
  const twin = active.twin === undefined ? undefined : turn.hub.leases.get(active.twin);
  if (twin === undefined) return undefined;
  delete active.twin;
  delete twin.twin;
  const job = turn.hub.jobs.get(twin.lease.job);
  job?.leases.delete(twin.lease.id);
  turn.hub.leases.delete(twin.lease.id);
  returnPlace(turn.hub, twin.device);
  turn.hub.devices.get(twin.device)?.leases.delete(twin.lease.id);
  rememberEnd(turn.hub, twin, 'unit-already-accepted');
  giveUp(turn, twin, false);
  return twin;
}
