import type { LinkId, VerifierEffect, World } from './state/events.ts';
import type { Persisting, UnitCheck, Verifier } from './state/verifier.ts';

type Written = Omit<Extract<VerifierEffect, { type: 'persist' }>, 'type' | 'token'>;

/** Has lines written to the book; `purpose` says what follows once they are on disk. */
export function persist(turn: Turn, purpose: Persisting, written: Written): void {
  const token = turn.verifier.nextToken++;
  turn.verifier.persisting.set(token, purpose);
  turn.effects.push({ type: 'persist', token, ...written });
}

/** Tells the hub what is on disk; the unit is judged. */
export function sendFiled(turn: Turn, check: UnitCheck): void {
  const { verifier, effects } = turn;
  const link = linkOf(turn);
  if (link !== undefined && verifier.phase.name === 'ready' && check.filed !== undefined) {
    const { signed } = check.filed;
    effects.push({ type: 'send', link, message: { type: 'verdict', signed } });
  }
  const pending = verifier.queue.find(({ units }) => units.includes(check));
  if (pending === undefined) return;
  pending.units = pending.units.filter((other) => other !== check);
  if (pending.units.length > 0) return;
  verifier.queue = verifier.queue.filter((other) => other !== pending);
  if (pending.cause === 'exit') sendExitChecked(turn, pending.shard.sequence);
}

/** The exit check of a shard is over. A hub that misses this asks again. */
export function sendExitChecked({ verifier: { phase }, effects }: Turn, sequence: number): void {
  if (phase.name !== 'ready') return;
  effects.push({ type: 'send', link: phase.link, message: { type: 'exit-checked', sequence } });
}

/** The link in use, if there is one. */
export function linkOf({ verifier: { phase } }: Turn): LinkId | undefined {
  return phase.name === 'connecting' || phase.name === 'ready' ? phase.link : undefined;
}

/** One event: the verifier, the moment, and what is to be done. */
export interface Turn {
  verifier: Verifier;
  world: World;
  effects: VerifierEffect[];
}

/** Tells the operator. */
export function say(turn: Turn, level: 'info' | 'warning' | 'catch', text: string): void {
  turn.effects.push({ type: 'say', level, text });
}
