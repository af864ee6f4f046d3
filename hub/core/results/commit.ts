import type { LeaseId } from '#protocol/values/ids.ts';
import type { RefusalCode } from '#protocol/values/refusal.ts';
import { expireLease } from '../leasing/lease.ts';
import type { Device } from '../state/device.ts';
import type { ActiveLease } from '../state/job.ts';
import { type Commit, commitmentBy } from '../state/signed-in.ts';
import { decline, sendDevice, store, type Turn } from '../turn.ts';

/** The lease, if this device holds it; otherwise a declined message. */
export function ownLease(turn: Turn, device: Device, id: LeaseId): ActiveLease | undefined {
  const active = turn.hub.leases.get(id);
  if (active?.device === device.key) {
    const open = active.stage === 'computing' || active.stage === 'logged';
    if (!open || active.deadlineAt > turn.world.now) return active;
    expireLease(turn, active);
    return undefined;
  }
  const ended = turn.hub.ended.get(id);
  const holder = (active ?? ended)?.device;
  const [code, message]: [RefusalCode, string] =
    holder !== undefined && holder !== device.key
      ? ['lease-not-yours', 'this lease was given to another device']
      : ended === undefined
        ? ['lease-unknown', 'no such lease is open; drop it and ask for another']
        : [ended.code, 'this lease has ended; drop it and ask for another'];
  decline(turn, device.socket, { code, message, lease: id });
  return undefined;
}

/** While the disk takes no writes, a device says the same again in a while. */
export function isPutOff(turn: Turn, device: Device, lease: LeaseId): boolean {
  const { trouble } = turn.hub;
  if (trouble === undefined) return false;
  const { code, message } = trouble;
  decline(turn, device.socket, { code, message, lease });
  return true;
}

/**
 * Takes the commitment of a lease into the log; it is answered with `logged` once it is on disk.
 */
export function receiveCommit(turn: Turn, device: Device, message: Commit): void {
  const active = ownLease(turn, device, message.lease);
  if (active === undefined || isPutOff(turn, device, message.lease)) return;
  const { lease } = active;
  if (active.stage !== 'computing') return repeatCommit(turn, device, { active, message });
  if (!turn.world.verify(commitmentBy(device.key, message))) {
    const text = 'the commitment must be signed by the device key of this session';
    return decline(turn, device.socket, {
      code: 'signature-wrong',
      message: text,
      lease: lease.id,
    });
  }
  const entry = {
    index: turn.hub.nextIndex++,
    commitment: message.commitment,
    at: turn.world.now,
  };
  active.stage = 'logging';
  active.committed = {
    entry,
    logSignature: turn.world.sign('log-entry', entry),
    shard: {
      job: lease.job,
      lease: lease.id,
      device: device.key,
      ...(active.class === undefined ? {} : { class: active.class }),
      provider: active.provider,
      package: lease.package,
      firstUnit: lease.firstUnit,
      unitCount: lease.unitCount,
      ...(active.donated === undefined ? {} : { donated: active.donated }),
    },
    signature: message.signature,
  };
  store(turn, [{ type: 'committed', commitment: active.committed }]);
}

/** A device that lost the answer says the same again; one that says something else is too late. */
function repeatCommit(
  turn: Turn,
  device: Device,
  said: { active: ActiveLease; message: Commit },
): void {
  const { active, message } = said;
  const same = active.committed?.entry.commitment === message.commitment;
  if (same && active.stage === 'logged') return sendLogged(turn, active);
  if (same) return;
  decline(turn, device.socket, {
    code: 'commitment-duplicate',
    message: 'this shard was committed to already; a commitment cannot be changed',
    lease: active.lease.id,
  });
}

/** Tells a device that its commitment is in the log. */
export function sendLogged(turn: Turn, active: ActiveLease): void {
  const { committed, lease, device } = active;
  if (committed === undefined) return;
  const { entry, logSignature } = committed;
  sendDevice(turn, device, { type: 'logged', lease: lease.id, entry, signature: logSignature });
}
