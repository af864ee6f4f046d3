import { endLease } from '../leasing/lease.ts';
import { scheduleSoon } from '../leasing/schedule.ts';
import type { SocketId } from '../state/events.ts';
import type { Turn } from '../turn.ts';
import { closeSession } from './session.ts';

/**
 * Leaves at once: no grace for the leases it still holds. What it has committed and not revealed it
 * has dropped: that ends with the next tick, or with the one after its commitment is on disk.
 */
export function receiveBye(turn: Turn, socket: SocketId): void {
  const session = turn.hub.sessions.get(socket);
  const device = session?.stage === 'contributor' ? turn.hub.devices.get(session.key) : undefined;
  const held = (device?.socket === socket ? [...device.leases] : []).flatMap(
    (id) => turn.hub.leases.get(id) ?? [],
  );
  for (const active of held) if (active.stage === 'computing') endLease(turn, active, 'reopen');
  closeSession(turn, socket);
  for (const active of held) active.graceUntil = turn.world.now;
  turn.effects.push({ type: 'close', socket });
  scheduleSoon(turn);
}
