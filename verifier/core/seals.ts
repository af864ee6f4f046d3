import { digestSeal } from '#protocol/digest.ts';
import type { LeaseId } from '#protocol/ids.ts';
import type { HubMessage } from '#protocol/messages/control.ts';
import type { SignedVerdict } from '#protocol/records.ts';
import { after, millis } from '#protocol/units.ts';
import { sendFiled } from './persist.ts';
import { linkOf } from './session.ts';
import type { Pending, Turn, UnitCheck } from './state.ts';
import { writeVerdict } from './verdict.ts';

/** A seal that the hub has not answered is sent again after this time. */
const TELL_EVERY_MS = millis(5_000);

/**
 * An opinion that others must not read before they have given theirs: a unit that is found wrong, or one
 * that the hub asks several verifiers about. Nothing of it is in the public log yet; a verifier that
 * dies over it judges the unit again.
 */
export interface Sealed {
  pending: Pending;
  check: UnitCheck;
  signed: SignedVerdict;
}

const nameOf = ({ lease, unit }: { lease: LeaseId; unit: number }): string => `${lease}/${unit}`;

/** Whether this opinion has to be sealed, and is not open yet. */
export const needsSeal = ({ seal, opened, filed }: UnitCheck): boolean =>
  opened !== true && (seal === true || filed?.signed.verdict.kind === 'mismatch');

/** Seals what a verifier will say, and waits for the hub to ask for it. */
export function sealVerdict(turn: Turn, sealed: Sealed): void {
  const { check, signed } = sealed;
  check.stage = 'sealed';
  turn.verifier.sealed.set(nameOf(signed.verdict), sealed);
  tellSeal(turn, sealed);
}

function tellSeal(turn: Turn, { check, signed }: Sealed): void {
  const { verifier, world, effects } = turn;
  check.retryAt = after(world.now, TELL_EVERY_MS);
  const link = linkOf(turn);
  if (link === undefined || verifier.phase.name !== 'ready') return;
  const { lease, unit } = signed.verdict;
  const record = { verifier: verifier.config.key, lease, unit, seal: digestSeal(signed) };
  const signature = world.sign('seal', record);
  effects.push({ type: 'send', link, message: { type: 'seal', signed: { record, signature } } });
}

/** On a new link at once, else now and then: the hub may have lost it, or had no room for it. */
export function repeatSeals(turn: Turn, link: 'new' | 'old'): void {
  for (const sealed of turn.verifier.sealed.values()) {
    if (link === 'new' || sealed.check.retryAt <= turn.world.now) tellSeal(turn, sealed);
  }
}

/** Now the others have sealed theirs: the verdict goes to the log, and from there to the hub. */
export function receiveUnseal(turn: Turn, about: Extract<HubMessage, { type: 'unseal' }>): void {
  const { sealed } = turn.verifier;
  const found = sealed.get(nameOf(about));
  if (found === undefined) return;
  sealed.delete(nameOf(about));
  const { pending, check } = found;
  check.opened = true;
  if (check.written) sendFiled(turn, check);
  else writeVerdict(turn, pending, check);
}

/**
 * A unit that is at work anyway is sealed as well, and goes before the rest of its shard. Says whether
 * there was one.
 */
export function sealDrawn(turn: Turn, lease: LeaseId, unit: number): boolean {
  const { queue } = turn.verifier;
  for (const [at, pending] of queue.entries()) {
    const check = pending.units.find((each) => each.unit === unit);
    if (pending.shard.lease !== lease || check === undefined) continue;
    check.seal = true;
    pending.units = pending.units.filter((each) => each !== check);
    const rest = pending.units.length === 0 ? [] : [pending];
    queue.splice(at, 1, { ...pending, seal: true, units: [check] }, ...rest);
    return true;
  }
  return false;
}
