import type { VerifierBook } from '#protocol/messages/control.ts';
import { type EpochRecordOf, reviewedBy } from '#protocol/records/epoch.ts';
import { after, millis } from '#protocol/values/units.ts';
import type { LogLine, VerifierEvent } from '../state/events.ts';
import type { Book } from '../state/verifier.ts';
import { noteCheck } from '../trust/deviations.ts';
import { linkOf, persist, say, type Turn } from '../turn.ts';

const RETRY_MS = millis(5_000);

/**
 * The hub has more of this verifier than its own disk: that one was lost, or is an older copy. What
 * it has said is read back from the hub into its log first: a unit that was judged is not judged
 * again, and the log is whole. Nothing is drawn meanwhile.
 */
export function adoptBook(turn: Turn, book: Book, known: VerifierBook | undefined): void {
  const { verifier } = turn;
  delete verifier.recalling;
  if (known === undefined) return;
  const lost = lostOf(book, known);
  if (known.lastEpoch <= book.lastEpoch && lost.length === 0) return;
  verifier.recalling = { known };
  recall(turn);
  const what =
    lost.length === 0 ? 'no seed is missing' : `the seeds of epochs ${lost.join(', ')} are gone`;
  say(turn, 'warning', `this disk knows less than the hub (${what}); reading the rest back`);
}

const lostOf = (book: Book, { open }: VerifierBook): number[] =>
  open.filter((number) => !book.epochs.some((epoch) => epoch.number === number));

function recall({ verifier: { phase }, effects }: Turn): void {
  if (phase.name === 'ready') effects.push({ type: 'recall', link: phase.link });
}

/** Asks again where the hub did not answer. Says whether something is still to be read back. */
export function awaitRecall(turn: Turn): boolean {
  const { recalling } = turn.verifier;
  if (recalling?.retryAt !== undefined && recalling.retryAt <= turn.world.now) {
    delete recalling.retryAt;
    recall(turn);
  }
  return recalling !== undefined;
}

/**
 * The lines that this disk lacks. The numbers of epochs and the marks go on from where the hub has
 * them; what was drawn and not judged is drawn again. Seeds that are gone are declared lost, so
 * that an audit says so.
 */
export function finishRecall(
  turn: Turn,
  { link, result }: Extract<VerifierEvent, { type: 'recalled' }>,
): void {
  const { verifier, world } = turn;
  const { book, recalling } = verifier;
  if (book === undefined || recalling === undefined || link !== linkOf(turn)) return;
  if (!result.ok) {
    recalling.retryAt = after(world.now, RETRY_MS);
    return say(turn, 'warning', `nothing could be read back: ${result.refusal.message}`);
  }
  const { known } = recalling;
  const lines = result.value.filter((line) => isOwn(turn, line));
  for (const line of lines) takeLine(book, line, known);
  book.lastEpoch = Math.max(book.lastEpoch, known.lastEpoch);
  book.judged = Math.max(book.judged, known.judged);
  book.highest = Math.max(book.highest, known.judged);
  book.drawn = Math.max(book.drawn, known.judged);
  declareLost(turn, book, { known, lines });
  delete verifier.recalling;
  const text = `${lines.length} lines of the log are back; going on after epoch ${book.lastEpoch}`;
  say(turn, 'info', text);
}

/** A hub cannot put anything into this log that this verifier has not signed. */
function isOwn({ verifier: { config }, world }: Turn, line: LogLine): boolean {
  const { key } = config;
  if (line.type === 'epoch') {
    const { record, signature } = line.signed;
    return record.verifier === key && world.verify({ key, context: 'epoch', record, signature });
  }
  const { verdict: record, signature } = line.signed;
  return record.verifier === key && world.verify({ key, context: 'verdict', record, signature });
}

function takeLine(book: Book, line: LogLine, { judged }: VerifierBook): void {
  if (line.type === 'epoch') {
    book.reviewDrawn = Math.max(book.reviewDrawn, reviewedBy(line.signed.record));
    return;
  }
  const { type: _type, ...filed } = line;
  noteCheck(book.counts, filed.signed.verdict);
  // What lies before it is never drawn again.
  if (filed.sequence > judged) book.verdicts.push(filed);
}

function declareLost(
  turn: Turn,
  book: Book,
  { known, lines }: { known: VerifierBook; lines: readonly LogLine[] },
): void {
  const { verifier, world, effects } = turn;
  const records = lostOf(book, known).map((epoch) => {
    const record: EpochRecordOf<'lost'> = {
      type: 'lost',
      verifier: verifier.config.key,
      epoch,
      at: world.now,
    };
    return { record, signature: world.sign('epoch', record) };
  });
  const gone = records.map((signed) => ({ type: 'epoch', signed }) as const);
  const { judged, settled, reviewed } = book;
  const marks = { judged, settled, reviewed };
  persist(turn, { type: 'marks', ...marks }, { lines: [...lines, ...gone], marks });
  const link = linkOf(turn);
  if (link === undefined) return;
  for (const signed of records) {
    effects.push({ type: 'send', link, message: { type: 'epoch', signed } });
  }
}
