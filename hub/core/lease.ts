import { encodeBase64 } from '#protocol/base64.ts';
import { DIGEST_BYTES } from '#protocol/digest.ts';
import type { LeaseId } from '#protocol/ids.ts';
import { LEASE_UNITS_MAX } from '#protocol/messages/control.ts';
import type { RefusalCode } from '#protocol/refusal.ts';
import { after, bytes, type Millis, millis } from '#protocol/units.ts';
import { changed, sendDevice, type Turn } from './effects.ts';
import { addRun } from './ranges.ts';
import type { ActiveLease, Admission, Device, Job } from './state.ts';

/** A shard takes 2–10 s; we aim at the lower middle, so that little is lost when a phone leaves. */
export const SHARD_MS = { aim: 4_000, first: 2_000, least: 400 } as const;
/** Input and output bytes of one shard: what a phone can hold, and send in one frame. */
const SHARD_BYTES_MAX = { inputs: 32 * 1024 * 1024, outputs: 16 * 1024 * 1024 } as const;
/** `bytesPerMs`: half of 2 Mbit/s, the slowest line that can help; two shards may share it. */
const DEADLINE = { factor: 3, slackMs: 15_000, bytesPerMs: 128 } as const;
const AWAY_MS = { computing: 5_000, logged: 60_000 } as const;

/**
 * Units for a device's next shard: 4 s of its measured speed, 2 s for its first one, and less when
 * the job's end is nearer than that, so that all devices finish together.
 */
export function sizeShard(job: Job, admission: Admission, isFirst: boolean): number {
  const perUnit = Math.max(admission.unitMs, 0.001);
  const left = job.fleetSpeed > 0 ? job.open.count / job.fleetSpeed / 2 : Infinity;
  const aim = isFirst ? SHARD_MS.first : SHARD_MS.aim;
  const time = Math.max(SHARD_MS.least, Math.min(aim, left));
  const limit = Math.min(
    LEASE_UNITS_MAX,
    SHARD_BYTES_MAX.inputs / Math.max(job.inputUnitBytes, 1),
    SHARD_BYTES_MAX.outputs / Math.max(job.outputUnitBytes, 1),
  );
  return Math.max(1, Math.min(Math.floor(limit), Math.round(time / perUnit)));
}

/** Lends the units [first, first + count) of a job to a device and tells it. */
export function grantLease(
  turn: Turn,
  job: Job,
  grant: { device: Device; admission: Admission; first: number; count: number; twin?: LeaseId },
): void {
  const { device, admission, first, count, twin } = grant;
  const { hub, world } = turn;
  if (job.packageId === undefined) return;
  const expectedMs = millis(count * admission.unitMs);
  const travelMs = (count * (job.inputUnitBytes + job.outputUnitBytes)) / DEADLINE.bytesPerMs;
  const deadlineMs = leaseDeadline(turn, device, millis(expectedMs + travelMs / DEADLINE.factor));
  const digests = job.inputDigests.subarray(first * DIGEST_BYTES, (first + count) * DIGEST_BYTES);
  const lease = {
    id: world.random().slice(0, 32) as LeaseId,
    job: job.record.id,
    package: job.packageId,
    firstUnit: first,
    unitCount: count,
    inputs: {
      root: job.record.inputs.root,
      length: job.record.inputs.length,
      offset: bytes(first * job.inputUnitBytes),
      unitBytes: bytes(job.inputUnitBytes),
      digests: encodeBase64(digests),
    },
    deadlineMs,
  };
  const active: ActiveLease = {
    lease,
    device: device.key,
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
  device.credits -= 1;
  if (device.credits === 0) hub.waiting.delete(device.key);
  delete device.idle;
  sendDevice(turn, device.key, { type: 'lease', lease });
}

/** Three times what the device needs for this shard and those before it, and some slack. */
function leaseDeadline(turn: Turn, device: Device, expectedMs: Millis): Millis {
  let queued = 0;
  for (const id of device.leases) queued += turn.hub.leases.get(id)?.expectedMs ?? 0;
  return millis((queued + expectedMs) * DEADLINE.factor + DEADLINE.slackMs);
}

/** Takes a lease out of every index. Its units reopen unless a twin still covers them. */
export function endLease(turn: Turn, active: ActiveLease, how: 'reopen' | 'accepted'): void {
  const { hub } = turn;
  const { id, job: jobId, firstUnit, unitCount } = active.lease;
  hub.leases.delete(id);
  hub.devices.get(active.device)?.leases.delete(id);
  const job = hub.jobs.get(jobId);
  if (job === undefined) return;
  job.leases.delete(id);
  const twin = active.twin === undefined ? undefined : hub.leases.get(active.twin);
  if (twin !== undefined) {
    delete twin.twin;
    if (how === 'reopen') return;
  }
  job.leasedUnits -= unitCount;
  if (how === 'reopen' && (job.state === 'running' || job.state === 'finishing')) {
    addRun(job.open, firstUnit, firstUnit + unitCount);
    changed(turn, job);
  }
}

/** Ends a lease and says so to its device. */
export function revokeLease(
  turn: Turn,
  active: ActiveLease,
  reason: { code: RefusalCode; message: string; how?: 'reopen' | 'accepted' },
): void {
  const { code, message, how = 'reopen' } = reason;
  endLease(turn, active, how);
  sendDevice(turn, active.device, { type: 'revoked', lease: active.lease.id, code, message });
}

/** The device has gone: it has a short while to come back, longer when it has committed. */
export function pauseLeases(turn: Turn, device: Device): void {
  for (const id of device.leases) {
    const active = turn.hub.leases.get(id);
    if (active === undefined) continue;
    const away = active.stage === 'computing' ? AWAY_MS.computing : AWAY_MS.logged;
    active.graceUntil = after(turn.world.now, millis(away));
  }
}

/** The device is back: its leases go on where they were. */
export function resumeLeases(turn: Turn, device: Device): void {
  for (const active of turn.hub.leases.values()) {
    if (active.device !== device.key) continue;
    delete active.graceUntil;
    device.leases.add(active.lease.id);
  }
}

/** After a restart, commitments in the log may still be opened for a minute. */
export function reviveLeases(turn: Turn): void {
  for (const active of turn.hub.leases.values()) {
    active.issuedAt = turn.world.now;
    active.deadlineAt = after(turn.world.now, millis(AWAY_MS.logged));
  }
}

export function expireLeases(turn: Turn): void {
  const { now } = turn.world;
  for (const active of [...turn.hub.leases.values()]) {
    // What is being written ends with the write.
    if (active.stage === 'logging' || active.stage === 'accepting') continue;
    if (active.graceUntil !== undefined && active.graceUntil <= now) {
      endLease(turn, active, 'reopen');
    } else if (active.deadlineAt <= now) {
      const message = `the shard was not revealed within ${active.lease.deadlineMs} ms; its units are open again`;
      revokeLease(turn, active, { code: 'lease-expired', message });
    }
  }
}
