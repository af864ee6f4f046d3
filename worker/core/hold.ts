import { why } from '#protocol/values/reason.ts';
import { lookAgain, noteTraffic } from './care/care.ts';
import type { FetchId } from './events.ts';
import { note } from './history.ts';
import { remember } from './memory.ts';
import { pause, UNCOMMITTED } from './pipeline.ts';
import { stop } from './session.ts';
import type { Turn } from './state.ts';

/** So much more traffic is written down at once. */
const SAVE_BYTES = 2 ** 20;
/** A page that is seen has time to hand in what is computed. */
const UNCOMPUTED = UNCOMMITTED.filter((stage) => stage !== 'signing');

/**
 * Looks whether the device may work, and gives back what it holds when it may not. What care has to
 * say of a device is nobody else's business: the hub only hears that it stopped.
 */
export function holdBack(turn: Turn): void {
  const { device, world } = turn;
  const { care } = device;
  lookAgain(care, world.now);
  saveToday(turn);
  const before = device.hold;
  const hold = device.visible ? care.hold : { reason: why('hidden', {}) };
  if (hold === undefined) {
    delete device.hold;
    if (before !== undefined) note(turn, { what: 'resumed' });
    return;
  }
  device.hold = hold;
  if ('isFinal' in hold) return stop(turn, hold.reason);
  if (before?.reason.code !== hold.reason.code) note(turn, { what: 'paused', reason: hold.reason });
  if (before !== undefined) return;
  if (device.visible) pause(turn, why('stopped', {}), UNCOMPUTED);
  else pause(turn, hold.reason);
}

/** Counts what a fetch has received since it was last looked at. */
export function countFetch(turn: Turn, fetch: FetchId, received: number): void {
  const { counted, care } = turn.device;
  noteTraffic(care, received - (counted.get(fetch) ?? 0), turn.world.now);
  counted.set(fetch, received);
}

function saveToday(turn: Turn): void {
  const { care, memory } = turn.device;
  const saved = memory.today;
  const isSame = saved?.day === care.today.day;
  if (care.today.bytes - (isSame ? saved.bytes : 0) < SAVE_BYTES) return;
  memory.today = care.today;
  remember(turn);
}
