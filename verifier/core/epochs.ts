import { canonicalJson } from '#protocol/canonical-json.ts';
import { bytesToHex } from '#protocol/digest.ts';
import type { Digest } from '#protocol/ids.ts';
import { commitSeed } from './draw.ts';
import type { Epoch, LogLine } from './events.ts';
import { persist } from './persist.ts';
import type { Book, Turn } from './state.ts';

type KeptEpoch = Book['epochs'][number];

const openEpoch = (book: Book): KeptEpoch | undefined =>
  book.epochs.find((epoch) => epoch.through === undefined);

/**
 * The epoch whose seed draws this sequence: the one it was drawn under before a restart, or the open
 * one. Undefined while a new epoch's commitment is not in the log yet.
 */
export function epochOf(turn: Turn, book: Book, sequence: number): KeptEpoch | undefined {
  const closed = book.epochs.find(
    ({ from, through }) => through !== undefined && from <= sequence && sequence <= through,
  );
  if (closed !== undefined) return closed;
  const open = openEpoch(book) ?? beginEpoch(turn, book, sequence);
  return open.durable && open.from <= sequence ? open : undefined;
}

/** The epoch that draws an exit audit: the shard's own while its seed is not revealed, else the open one. */
export function auditEpoch(turn: Turn, book: Book, sequence: number): KeptEpoch | undefined {
  const own = book.epochs.find(
    ({ from, through }) => from <= sequence && sequence <= (through ?? Infinity),
  );
  const epoch = own ?? openEpoch(book) ?? beginEpoch(turn, book, book.highest + 1);
  return epoch.durable ? epoch : undefined;
}

/** Draws a new seed and puts its commitment in the log; no unit is drawn before it is there. */
function beginEpoch(turn: Turn, book: Book, from: number): KeptEpoch {
  const { verifier, world } = turn;
  const seed = world.random();
  book.lastEpoch += 1;
  const epoch: KeptEpoch = {
    number: book.lastEpoch,
    seed,
    commitment: bytesToHex(commitSeed(seed)) as Digest,
    from,
    policy: verifier.config.policy,
    startedAt: world.now,
    durable: false,
  };
  book.epochs.push(epoch);
  writeEpoch(turn, book, epoch);
  return epoch;
}

function writeEpoch(turn: Turn, book: Book, epoch: KeptEpoch): void {
  const { number, commitment, from, policy, startedAt } = epoch;
  persist(
    turn,
    { type: 'epoch', epoch: number },
    {
      epochs: unrevealed(book),
      lines: [{ type: 'epoch-opened', epoch: number, commitment, from, policy, at: startedAt }],
    },
  );
}

/**
 * Closes the open epoch when its time is over; reveals the seed of a closed one once every unit it
 * drew is judged, so that anyone can recompute which units had to be checked.
 */
export function turnEpochs(turn: Turn): void {
  const { verifier, world } = turn;
  const { book } = verifier;
  if (book === undefined || world.now < verifier.diskAfter) return;
  const open = openEpoch(book);
  if (open !== undefined && !open.durable && !isWriting(turn, 'epoch', open.number)) {
    writeEpoch(turn, book, open);
  }
  if (open?.durable && verifier.arrivals.length === 0 && isOver(turn, book, open)) {
    open.through = Math.max(book.highest, open.from - 1);
  }
  for (const epoch of book.epochs) {
    const { number, commitment, seed, from, through } = epoch;
    if (through === undefined || book.judged < through) continue;
    if (isWriting(turn, 'reveal', number)) continue;
    const line: LogLine = {
      type: 'epoch-revealed',
      epoch: number,
      commitment,
      seed,
      from,
      through,
      at: world.now,
    };
    const rest = unrevealed(book).filter((other) => other.number !== number);
    persist(turn, { type: 'reveal', epoch: number }, { epochs: rest, lines: [line] });
  }
}

/** An epoch that drew nothing goes on past its time: revealing it would say nothing. */
function isOver({ verifier, world }: Turn, book: Book, open: KeptEpoch): boolean {
  const { policy, epochMs } = verifier.config;
  if (canonicalJson(open.policy) !== canonicalJson(policy)) return true;
  return world.now - open.startedAt >= epochMs && book.highest >= open.from;
}

export function unrevealed(book: Book): Epoch[] {
  return book.epochs.map(({ durable: _durable, ...epoch }) => epoch);
}

function isWriting({ verifier }: Turn, type: 'epoch' | 'reveal', epoch: number): boolean {
  for (const one of verifier.persisting.values()) {
    if (one.type === type && one.epoch === epoch) return true;
  }
  return false;
}
