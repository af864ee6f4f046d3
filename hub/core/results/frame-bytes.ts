import { FRAME_BYTES_MAX } from '#protocol/messages/control.ts';
import type { SocketId } from '../state/events.ts';
import type { Hub } from '../state/hub.ts';

/** Whether this socket is a device's that holds a lease. */
export function isWorking(hub: Hub, socket: SocketId): boolean {
  const session = hub.sessions.get(socket);
  if (session?.stage !== 'contributor') return false;
  return (hub.devices.get(session.key)?.leases.size ?? 0) > 0;
}

/**
 * The longest payload of a binary frame that this socket may send now: of a device, the outputs of
 * its longest lease whose commitment is logged; 0 where there is none.
 */
export function frameBytesOf(hub: Hub, socket: SocketId): number {
  const session = hub.sessions.get(socket);
  if (session === undefined || session.stage === 'greeted') return 0;
  if (session.stage === 'verifier') return FRAME_BYTES_MAX;
  let longest = 0;
  for (const id of hub.devices.get(session.key)?.leases ?? []) {
    const active = hub.leases.get(id);
    if (active?.stage !== 'logged' && active?.stage !== 'accepting') continue;
    const { job, unitCount } = active.lease;
    longest = Math.max(longest, unitCount * (hub.jobs.get(job)?.unitSizes.sent ?? 0));
  }
  return longest;
}
