import type { PublicKey } from '#protocol/values/ids.ts';
import type { Refusal } from '#protocol/values/refusal.ts';
import { runCommand } from './commands.ts';
import { banProblem, enterSession } from './sessions/session.ts';
import type { HubEvent } from './state/events.ts';
import type { FactOf } from './state/fact-lists.ts';
import type { DeviceRecord } from './state/trust.ts';
import { refuseSession, store, type Turn } from './turn.ts';

/** The store has answered what is known of a device. */
export function receiveLoaded(
  turn: Turn,
  { device, found }: Extract<HubEvent, { type: 'loaded' }>,
): void {
  const waiting = turn.hub.recalls.get(device);
  if (waiting === undefined) return;
  if (!found.ok) return refuseWaiting(turn, device, found.refusal);
  if (found.value === undefined) return resumeWaiting(turn, device);
  // Whoever is banned says hello as often as he likes, and leaves nothing on the disk.
  const banned = banProblem(turn, found.value.ban);
  if (banned !== undefined && waiting.every(({ type }) => type === 'hello')) {
    return refuseWaiting(turn, device, banned);
  }
  storeRecalled(turn, device, found.value);
}

/** A device was wanted while it was being archived. */
export function followArchived(turn: Turn, fact: FactOf<'device-archived'>): void {
  if (turn.hub.recalls.has(fact.device)) storeRecalled(turn, fact.device, fact.known);
}

function storeRecalled(turn: Turn, device: PublicKey, known: DeviceRecord): void {
  store(turn, [{ type: 'device-recalled', device, known: { ...known }, at: turn.world.now }]);
}

/** All that is known of a device is here: who waited for it goes on. */
export function resumeWaiting(turn: Turn, device: PublicKey): void {
  for (const waiting of takeWaiting(turn, device)) {
    if (waiting.type === 'hello') enterSession(turn, waiting.socket, waiting.hello);
    else runCommand(turn, waiting.request, waiting.command);
  }
}

function refuseWaiting(turn: Turn, device: PublicKey, refusal: Refusal): void {
  for (const waiting of takeWaiting(turn, device)) {
    if (waiting.type === 'hello') refuseSession(turn, waiting.socket, refusal);
    else {
      const { request } = waiting;
      turn.effects.push({ type: 'reply', request, result: { ok: false, refusal } });
    }
  }
}

function takeWaiting({ hub: { recalls, sessions } }: Turn, device: PublicKey) {
  const waiting = recalls.get(device) ?? [];
  recalls.delete(device);
  for (const each of waiting) {
    const session = each.type === 'hello' ? sessions.get(each.socket) : undefined;
    if (session?.stage === 'greeted') delete session.isWaiting;
  }
  return waiting;
}
