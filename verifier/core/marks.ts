import { after, type Instant, millis } from '#protocol/values/units.ts';
import { settleReviews } from './checks/reviews.ts';
import { rejoin } from './link/session.ts';
import {
  type Book,
  forgetSettled,
  type Pending,
  SETTLE_MS,
  type Verifier,
} from './state/verifier.ts';
import { heldUnits } from './state/view.ts';
import { persist, type Turn } from './turn.ts';

/** `judged` is sent at most this often: the hub stores each one. */
const TELL_EVERY_MS = millis(200);

/** What comes on top of the draws holds no mark back. */
const isDraw = ({ cause }: Pending): boolean => cause === undefined || cause === 'assurance';

/** The last sequence all of whose draws are judged, with their verdicts on disk. */
export function judgedThrough(verifier: Verifier, book: Book): number {
  const first = Math.min(
    verifier.queue.find(isDraw)?.shard.sequence ?? Infinity,
    verifier.arrivals[0]?.shard.sequence ?? Infinity,
    verifier.overflow ?? Infinity,
  );
  return Math.max(book.judged, Math.min(book.drawn, first - 1));
}

/** Moves the marks: written first, then told. Asks again for what was turned away. */
export function moveMarks(turn: Turn): void {
  const { verifier, world } = turn;
  const { book } = verifier;
  if (book === undefined || world.now < verifier.diskAfter) return;
  settleReviews(turn, book);
  settle(turn, book);
  const judged = judgedThrough(verifier, book);
  const writing = [...verifier.persisting.values()].some(({ type }) => type === 'marks');
  const moved = judged > book.judged || book.reviewed > book.reviewMarked;
  if (moved && !writing && isDue(verifier, world.now)) {
    const { settled, reviewed } = book;
    const marks = { judged, settled, reviewed };
    persist(turn, { type: 'marks', ...marks }, { lines: [], marks });
  }
  tell(turn, book);
  if (verifier.overflow !== undefined && heldUnits(verifier) <= verifier.config.queueUnitsMax / 2) {
    delete verifier.overflow;
    rejoin(turn, 'the queue has room again; asking the hub for what was turned away');
  }
}

function isDue({ phase }: Verifier, now: Instant): boolean {
  if (phase.name !== 'ready' || phase.told === undefined) return true;
  return now >= after(phase.told.at, TELL_EVERY_MS);
}

/** Tells the hub, never past what it sent on this link. */
function tell({ verifier, world, effects }: Turn, book: Book): void {
  const { phase } = verifier;
  if (phase.name !== 'ready') return;
  const through = Math.min(book.judged, book.seen);
  if (through < 0 || through <= (phase.told?.through ?? -1) || !isDue(verifier, world.now)) return;
  phase.told = { through, at: world.now };
  effects.push({ type: 'send', link: phase.link, message: { type: 'judged', through } });
}

/** Forgets verdicts the hub surely has. */
function settle({ verifier, world }: Turn, book: Book): void {
  const { phase } = verifier;
  if (phase.name !== 'ready' || phase.told === undefined) return;
  const { through, at } = phase.told;
  if (through <= book.settled || world.now < after(at, SETTLE_MS) || phase.heardAt < at) return;
  book.settled = through;
  forgetSettled(book);
}
