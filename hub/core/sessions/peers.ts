import type { Root } from '#protocol/values/ids.ts';
import { endLease } from '../leasing/lease.ts';
import { scheduleWaiting } from '../leasing/schedule.ts';
import type { Device } from '../state/device.ts';
import type { SocketId } from '../state/events.ts';
import { send, type Turn } from '../turn.ts';
import { closeSession } from './session.ts';

const HOLDINGS_MAX = 64;
const SOURCES_MAX = 8;

/** Notes that a device serves a blob to its peers. */
export function receiveHave(device: Device, root: Root): void {
  if (device.holds.size < HOLDINGS_MAX) device.holds.add(root);
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
