import type { Verdict } from '#protocol/records/records.ts';
import type { Refusal } from '#protocol/values/refusal.ts';
import { after, millis } from '#protocol/values/units.ts';
import { finishEpoch, undoEpoch } from './draws/epochs.ts';
import type { Token } from './state/events.ts';
import type { Book, Verifier } from './state/verifier.ts';
import { countName, noteCheck } from './trust/deviations.ts';
import { say, sendFiled, type Turn } from './turn.ts';

/** How long nothing is written after the disk refused. */
const DISK_PAUSE_MS = millis(5_000);

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
