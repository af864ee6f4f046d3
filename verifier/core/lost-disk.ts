import type { EpochRecordOf } from '#protocol/epoch.ts';
import type { VerifierBook } from '#protocol/messages/control.ts';
import { persist } from './persist.ts';
import { linkOf } from './session.ts';
import { type Book, say, type Turn } from './state.ts';

/**
 * The hub has more of this verifier than its own disk: that one was lost, or is an older copy. The numbers
 * of epochs and the marks go on from where the hub has them; what was drawn and not judged is drawn
 * again. Seeds that are gone are declared lost, so that an audit says so.
 */
export function adoptBook(turn: Turn, book: Book, known: VerifierBook): void {
  const { verifier, world, effects } = turn;
  const lost = known.open.filter((number) => !book.epochs.some((epoch) => epoch.number === number));
  if (known.lastEpoch <= book.lastEpoch && lost.length === 0) return;
  book.lastEpoch = Math.max(book.lastEpoch, known.lastEpoch);
  book.judged = Math.max(book.judged, known.judged);
  book.highest = Math.max(book.highest, known.judged);
  book.drawn = Math.max(book.drawn, known.judged);
  const records = lost.map((epoch) => {
    const record: EpochRecordOf<'lost'> = {
      type: 'lost',
      verifier: verifier.config.key,
      epoch,
      at: world.now,
    };
    return { record, signature: world.sign('epoch', record) };
  });
  const lines = records.map((signed) => ({ type: 'epoch', signed }) as const);
  const { judged, settled, reviewed } = book;
  const marks = { judged, settled, reviewed };
  persist(turn, { type: 'marks', ...marks }, { lines, marks });
  const link = linkOf(turn);
  for (const signed of records) {
    if (link !== undefined)
      effects.push({ type: 'send', link, message: { type: 'epoch', signed } });
  }
  const what =
    lost.length === 0 ? 'no seed is missing' : `the seeds of epochs ${lost.join(', ')} are gone`;
  say(
    turn,
    'warning',
    `this disk knows less than the hub (${what}); going on after epoch ${book.lastEpoch}`,
  );
}
