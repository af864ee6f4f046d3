import type { Verdict } from '#protocol/records.ts';
import type { Refusal } from '#protocol/refusal.ts';
import { after, millis } from '#protocol/units.ts';
import { countName, noteCheck } from './deviations.ts';
import { finishEpoch, undoEpoch } from './epochs.ts';
import type { Token, VerifierEffect } from './events.ts';
import { linkOf } from './session.ts';
import {
  type Book,
  type Persisting,
  say,
  type Turn,
  type UnitCheck,
  type Verifier,
} from './state.ts';

/** How long nothing is written after the disk refused. */
const DISK_PAUSE_MS = millis(5_000);

type Written = Omit<Extract<VerifierEffect, { type: 'persist' }>, 'type' | 'token'>;

export function persist(turn: Turn, purpose: Persisting, written: Written): void {
  const token = turn.verifier.nextToken++;
  turn.verifier.persisting.set(token, purpose);
  turn.effects.push({ type: 'persist', token, ...written });
}

/** What was written is on disk: only now may the hub hear of it. */
export function finishPersist(turn: Turn, token: Token): void {
  const { verifier } = turn;
  const { book } = verifier;
  const done = verifier.persisting.get(token);
  verifier.persisting.delete(token);
  if (done === undefined || book === undefined) return;
  switch (done.type) {
    case 'epoch':
    case 'reveal':
    case 'forget':
      return finishEpoch(book, done);
    case 'marks':
      book.judged = Math.max(book.judged, done.judged);
      book.reviewMarked = Math.max(book.reviewMarked, done.reviewed);
      return;
    case 'verdict': {
      const { check } = done;
      const { filed } = check;
      if (filed === undefined) return;
      book.verdicts.push(filed);
      noteWritten(verifier, book, filed.signed.verdict);
      return sendFiled(turn, check);
    }
  }
}

/** The next check of the same GPU may be numbered. */
function noteWritten({ numbering }: Verifier, { counts }: Book, verdict: Verdict): void {
  const { check, device } = verdict;
  if (check === undefined) return;
  noteCheck(counts, verdict);
  numbering.delete(countName({ ...check, device }));
}

/** Tells the hub what is on disk; the unit is judged. */
function sendFiled(turn: Turn, check: UnitCheck): void {
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
  if (pending.cause === 'audit') sendAudited(turn, pending.shard.sequence);
}

/** The exit audit of a shard is over. A hub that misses this asks again. */
export function sendAudited({ verifier: { phase }, effects }: Turn, sequence: number): void {
  if (phase.name !== 'ready') return;
  effects.push({ type: 'send', link: phase.link, message: { type: 'audited', sequence } });
}

/** Nothing is lost: what could not be written is kept and written again after a pause. */
export function failPersist(turn: Turn, token: Token, refusal: Refusal): void {
  const { verifier, world } = turn;
  const failed = verifier.persisting.get(token);
  verifier.persisting.delete(token);
  if (failed === undefined) return;
  if (failed.type === 'verdict') failed.check.stage = 'deciding';
  if ('epoch' in failed && verifier.book !== undefined) undoEpoch(verifier.book, failed);
  verifier.diskAfter = after(world.now, DISK_PAUSE_MS);
  say(turn, 'warning', `nothing can be written: ${refusal.message}; verdicts wait on this disk`);
}
