import type { ContributorMessage } from '#protocol/messages/control.ts';
import type { Device } from '../state/device.ts';
import type { Turn } from '../turn.ts';
import { endLease } from './lease.ts';
import { scheduleSoon } from './schedule.ts';

type GiveBack = Extract<ContributorMessage, { type: 'give-back' }>;

/** Gives units back at once. */
export function receiveGiveBack(turn: Turn, device: Device, message: GiveBack): void {
  const active = turn.hub.leases.get(message.lease);
  if (active?.device !== device.key) return;
  if (active.stage === 'logging' || active.stage === 'accepting') return;
  // Before the commitment it costs nothing; after it, it is a result that is held back.
  endLease(turn, active, 'failed');
  scheduleSoon(turn);
}
