import { endLease } from '../leasing/lease.ts';
import { scheduleSoon } from '../leasing/schedule.ts';
import type { SocketId } from '../state/events.ts';
import type { Turn } from '../turn.ts';
import { closeSession } from './session.ts';

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
  scheduleSoon(turn);
}
