import { canonicalJson } from '#protocol/bytes/canonical-json.ts';
import { bytesToHex } from '#protocol/bytes/digest.ts';
import type { HubMessage } from '#protocol/messages/control.ts';
import type { EpochRecordOf } from '#protocol/records/epoch.ts';
import type { Digest } from '#protocol/values/ids.ts';
import { after, millis } from '#protocol/values/units.ts';
import type { Epoch } from '../state/events.ts';
import type { Book, KeptEpoch, Persisting } from '../state/verifier.ts';
import { persist, type Turn } from '../turn.ts';
import { commitSeed } from './draw.ts';

/** A record that the hub has not acknowledged is sent again after this time. */
const PUBLISH_EVERY_MS = millis(5_000);

const openEpoch = (book: Book): KeptEpoch | undefined =>
  book.epochs.find((epoch) => epoch.through === undefined);

/**
 * The epoch whose seed draws this sequence: the one it was drawn under before a restart, or the
 * open one. Undefined while the hub has not acknowledged its commitment.
 */
export function epochOf(turn: Turn, book: Book, sequence: number): KeptEpoch | undefined {
  const closed = book.epochs.find(
    ({ from, through }) => through !== undefined && from <= sequence && sequence <= through,
  );
  const epoch = closed ?? openEpoch(book) ?? beginEpoch(turn, book, sequence);
  return epoch.stage === 'logged' && epoch.from <= sequence ? epoch : undefined;
}

/** The epoch that draws an exit check: the shard's own while it is secret, else the open one. */
export function auditEpoch(turn: Turn, book: Book, sequence: number): KeptEpoch | undefined {
  const own = book.epochs.find(
    ({ from, through, revealed }) =>
      revealed === undefined && from <= sequence && sequence <= (through ?? Infinity),
  );
  const epoch = own ?? openEpoch(book) ?? beginEpoch(turn, book, book.highest + 1);
  return epoch.stage === 'logged' ? epoch : undefined;
}

/**
 * The epoch that draws from a verdict of another: the one whose range it lies in, else the open
 * one.
 * `past` where that one is over: all it drew was judged. Undefined while it may not draw.
 */
export function reviewEpoch(
  turn: Turn,
  book: Book,
  number: number,
): KeptEpoch | 'past' | undefined {
  const own = book.epochs.find(
    ({ reviewFrom, reviewThrough }) =>
      reviewFrom <= number && number <= (reviewThrough ?? Infinity),
  );
  if (own === undefined && number <= book.reviewDrawn) return 'past';
  const epoch = own ?? openEpoch(book) ?? beginEpoch(turn, book, book.highest + 1);
  if (epoch.revealed !== undefined || number < epoch.reviewFrom) return 'past';
  return epoch.stage === 'logged' ? epoch : undefined;
}

/** Draws a new seed and publishes its commitment; no unit is drawn before the hub has it. */
function beginEpoch(turn: Turn, book: Book, from: number): KeptEpoch {
  const { verifier, world } = turn;
  const { key, policy } = verifier.config;
  const seed = world.random();
  book.lastEpoch += 1;
  const reviewFrom = Math.max(book.reviewSeen, book.reviewDrawn) + 1;
  const record: EpochRecordOf<'opened'> = {
    type: 'opened',
    verifier: key,
    epoch: book.lastEpoch,
    commitment: bytesToHex(commitSeed(seed)) as Digest,
    from,
    reviewFrom,
    policy,
    at: world.now,
  };
  const opened = { record, signature: world.sign('epoch', record) };
  const drawn = { seed, from, reviewFrom, policy };
  const epoch: KeptEpoch = { number: record.epoch, ...drawn, opened, stage: 'opening' };
  book.epochs.push(epoch);
  writeOpened(turn, book, epoch);
  return epoch;
}

function writeOpened(turn: Turn, book: Book, { number, opened }: KeptEpoch): void {
  const lines = [{ type: 'epoch', signed: opened }] as const;
  persist(turn, { type: 'epoch', epoch: number }, { epochs: keptEpochs(book), lines });
}

/**
 * Moves each epoch on: publishes it, closes it when its time is over, reveals its seed once every
 * unit it drew is judged, and forgets it when the hub has the seed.
 */
export function turnEpochs(turn: Turn): void {
  const { verifier, world } = turn;
  const { book } = verifier;
  if (book === undefined || world.now < verifier.diskAfter) return;
  const open = openEpoch(book);
  if (open?.stage === 'logged' && verifier.arrivals.length === 0 && isOver(turn, book, open)) {
    open.through = Math.max(book.highest, open.from - 1);
    open.reviewThrough = Math.max(book.reviewSeen, open.reviewFrom - 1);
    book.reviewDrawn = Math.max(book.reviewDrawn, open.reviewThrough);
  }
  for (const epoch of book.epochs) {
    const { number, stage } = epoch;
    if (isWriting(turn, number)) continue;
    if (stage === 'opening') writeOpened(turn, book, epoch);
    else if (stage === 'logged' && isJudged(turn, book, epoch)) reveal(turn, book, epoch);
    else if (stage === 'over') {
      const rest = keptEpochs(book).filter((other) => other.number !== number);
      persist(turn, { type: 'forget', epoch: number }, { epochs: rest, lines: [] });
    } else publish(turn, epoch);
  }
}

/** Everything drawn under its seed is judged, exit checks and disputes as well. */
function isJudged({ verifier }: Turn, book: Book, epoch: KeptEpoch): boolean {
  const { number, through, reviewThrough = 0 } = epoch;
  if (through === undefined || book.judged < through || book.reviewSeen < reviewThrough)
    return false;
  return !verifier.queue.some(({ epoch }) => epoch === number);
}

function reveal(turn: Turn, book: Book, epoch: KeptEpoch): void {
  const { number, seed, through = -1, reviewThrough = 0, opened } = epoch;
  const { verifier } = opened.record;
  const at = turn.world.now;
  const type = 'revealed' as const;
  const record = { type, verifier, epoch: number, seed, through, reviewThrough, at };
  epoch.revealed = { record, signature: turn.world.sign('epoch', record) };
  epoch.stage = 'revealing';
  const lines = [{ type: 'epoch', signed: epoch.revealed }] as const;
  persist(turn, { type: 'reveal', epoch: number }, { epochs: keptEpochs(book), lines });
}

/** Tells the hub, on each link and now and then, until it says that it has the record on disk. */
function publish({ verifier, world, effects }: Turn, epoch: KeptEpoch): void {
  const { phase } = verifier;
  const signed = epoch.stage === 'opened' ? epoch.opened : epoch.revealed;
  if (phase.name !== 'ready' || epoch.stage === 'logged' || signed === undefined) return;
  const { told } = epoch;
  if (told?.link === phase.link && world.now < after(told.at, PUBLISH_EVERY_MS)) return;
  epoch.told = { link: phase.link, at: world.now };
  effects.push({ type: 'send', link: phase.link, message: { type: 'epoch', signed } });
}

/** The hub has a record on disk: the open seed may draw, the revealed one may be forgotten. */
export function receiveLogged(
  turn: Turn,
  { epoch: number, record }: Extract<HubMessage, { type: 'epoch-logged' }>,
): void {
  const epoch = turn.verifier.book?.epochs.find((each) => each.number === number);
  if (epoch?.stage === 'opened' && record === 'opened') epoch.stage = 'logged';
  if (epoch?.stage === 'revealed' && record === 'revealed') epoch.stage = 'over';
}

/** A line of an epoch is on disk, or its seed is off it. */
export function finishEpoch(book: Book, done: EpochWrite): void {
  const epoch = book.epochs.find(({ number }) => number === done.epoch);
  if (done.type === 'forget') {
    book.epochs = book.epochs.filter((each) => each !== epoch);
    return;
  }
  if (epoch === undefined) return;
  epoch.stage = done.type === 'epoch' ? 'opened' : 'revealed';
  delete epoch.told;
}

/** The disk refused: an epoch is revealed anew when it can be written. */
export function undoEpoch(book: Book, done: EpochWrite): void {
  const epoch = book.epochs.find(({ number }) => number === done.epoch);
  if (epoch?.stage !== 'revealing') return;
  epoch.stage = 'logged';
  delete epoch.revealed;
}

type EpochWrite = Extract<Persisting, { epoch: number }>;

/** An epoch that drew nothing goes on past its time: revealing it would say nothing. */
function isOver({ verifier, world }: Turn, book: Book, open: KeptEpoch): boolean {
  const { policy, epochMs } = verifier.config;
  if (canonicalJson(open.policy) !== canonicalJson(policy)) return true;
  const drew = book.highest >= open.from || book.reviewSeen >= open.reviewFrom;
  return world.now - open.opened.record.at >= epochMs && drew;
}

/** What is kept on disk of the epochs that are not over. */
const keptEpochs = (book: Book): Epoch[] =>
  book.epochs.map(({ stage: _stage, told: _told, ...epoch }) => epoch);

function isWriting({ verifier }: Turn, number: number): boolean {
  for (const one of verifier.persisting.values()) {
    if ('epoch' in one && one.epoch === number) return true;
  }
  return false;
}
