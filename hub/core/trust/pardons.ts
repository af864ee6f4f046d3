import { refuse } from '#protocol/values/refusal.ts';
import type { HubCommand, RequestId } from '../state/events.ts';
import { isUnderway, nameOf } from '../state/underway.ts';
import { store, type Turn } from '../turn.ts';

/**
 * An operator lifts the newest ban of a device, while it lasts or after it: the device may work
 * again, has the place it had, and what the ban took from its pay comes back. Its trust begins
 * anew.
 */
export function pardonDevice(
  turn: Turn,
  request: RequestId,
  { device, reason }: Extract<HubCommand, { type: 'pardon' }>,
): void {
  const { hub, world } = turn;
  const ban = hub.deviceRecords.get(device)?.ban;
  if (ban === undefined || isUnderway(hub.underway, nameOf.pardon(device))) {
    const message = `no ban of device ${device} stands; GET /v1/log/bans lists them all`;
    const result = refuse('ban-unknown', message, 'device');
    turn.effects.push({ type: 'reply', request, result });
    return;
  }
  const pardon = { device, bannedAt: ban.at, reason, at: world.now };
  store(turn, [{ type: 'pardoned', ...pardon }], { request, job: null });
}
