import type { Root } from '#protocol/ids.ts';
import type { ContributorMessage } from '#protocol/messages/control.ts';
import { send, type Turn } from './effects.ts';
import type { SocketId } from './events.ts';
import { endLease } from './lease.ts';
import { scheduleWaiting } from './schedule.ts';
import { closeSession } from './session.ts';
import type { Device } from './state.ts';

const HOLDINGS_MAX = 64;
const SOURCES_MAX = 8;
type Release = Extract<ContributorMessage, { type: 'release' | 'failed' }>;

export function receiveHave(turn: Turn, device: Device, root: Root): void {
  if (!turn.hub.servable.has(root) || device.holds.size >= HOLDINGS_MAX) return;
  device.holds.add(root);
}

/** Names devices that hold a blob, the asker left out; the seeder is always a source besides. */
export function receiveSeek(turn: Turn, device: Device, root: Root): void {
  const peers = [];
  for (const other of turn.hub.devices.values()) {
    if (other !== device && other.holds.has(root)) peers.push(other.peer);
    if (peers.length >= SOURCES_MAX) break;
  }
  send(turn, device.socket, { type: 'sources', root, peers });
}

/** Gives units back at once. A device that could not compute them gets no more of that model. */
export function receiveRelease(turn: Turn, device: Device, message: Release): void {
  const active = turn.hub.leases.get(message.lease);
  if (active?.device !== device.key) return;
  if (active.stage === 'logging' || active.stage === 'accepting') return;
  // Before the commitment it costs nothing; after it, it is a result that is held back.
  endLease(turn, active, 'failed');
  if (message.type === 'failed') {
    device.unfit.set(active.lease.package, message.refusal.message);
  }
  scheduleWaiting(turn);
}

/** Leaves at once: no grace for the leases it still holds. */
export function receiveBye(turn: Turn, socket: SocketId): void {
  const session = turn.hub.sessions.get(socket);
  if (session?.stage === 'contributor') {
    const device = turn.hub.devices.get(session.key);
    for (const id of device?.socket === socket ? [...device.leases] : []) {
      const active = turn.hub.leases.get(id);
      if (active?.stage === 'computing') endLease(turn, active, 'reopen');
    }
  }
  closeSession(turn, socket);
  turn.effects.push({ type: 'close', socket });
  scheduleWaiting(turn);
}
