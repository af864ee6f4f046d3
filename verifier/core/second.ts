import type { LeaseId } from '#protocol/ids.ts';
import type { HubMessage } from '#protocol/messages/control.ts';
import { after, type Instant, millis } from '#protocol/units.ts';
import { linkOf } from './session.ts';
import type { Turn, UnitCheck } from './state.ts';

/** A hub that does not answer has no second device. */
const ANSWER_MS_MAX = millis(180_000);

/** Asks the hub for another device of the same class to compute a unit. It takes its time, and no task. */
export function askSecond(turn: Turn, lease: LeaseId, check: UnitCheck): void {
  check.stage = 'seconding';
  check.retryAt = after(turn.world.now, ANSWER_MS_MAX);
  tellSecond(turn, lease, check);
}

/** What was asked on a link that is lost is asked again. */
export function repeatSeconds(turn: Turn): void {
  for (const { shard, units } of turn.verifier.queue) {
    for (const check of units) {
      if (check.stage === 'seconding') tellSecond(turn, shard.lease, check);
    }
  }
}

function tellSecond(turn: Turn, lease: LeaseId, { unit }: UnitCheck): void {
  const link = linkOf(turn);
  if (link === undefined || turn.verifier.phase.name !== 'ready') return;
  turn.effects.push({ type: 'send', link, message: { type: 'second', lease, unit } });
}

type Seconded = Extract<HubMessage, { type: 'seconded' }>;

/** The answer: the lease of a second device, or that there is none. */
export function receiveSeconded({ verifier, world }: Turn, { lease, unit, by }: Seconded): void {
  for (const { shard, units } of verifier.queue) {
    if (shard.lease !== lease) continue;
    for (const check of units) {
      if (check.unit === unit && check.stage === 'seconding') goOn(check, by ?? 'none', world.now);
    }
  }
}

/** Waits for an answer no longer than it may take. */
export function expireSeconds({ verifier, world }: Turn): void {
  for (const { units } of verifier.queue) {
    for (const check of units) {
      const isLate = check.stage === 'seconding' && check.retryAt <= world.now;
      if (isLate) goOn(check, 'none', world.now);
    }
  }
}

function goOn(check: UnitCheck, seconded: UnitCheck['seconded'] & string, now: Instant): void {
  check.seconded = seconded;
  check.stage = 'waiting';
  check.retryAt = now;
}
