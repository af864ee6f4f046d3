import { canonicalJson } from '#protocol/bytes/canonical-json.ts';
import { bytesToHex, hexToBytes } from '#protocol/bytes/digest.ts';
import type { VerifierBook } from '#protocol/messages/control.ts';
import type { EpochRecord, EpochRecordOf, SignedEpoch } from '#protocol/records/epoch.ts';
import type { PublicKey } from '#protocol/values/ids.ts';
import type { RefusalCode } from '#protocol/values/refusal.ts';
import type { EpochBook, KeptEpoch } from '../state/checks.ts';
import type { VerifierSession } from '../state/device.ts';
import type { Hub } from '../state/hub.ts';
import { isUnderway, nameOf } from '../state/underway.ts';
import { decline, send, store, type Turn } from '../turn.ts';

/** Epochs kept of each verifier: any of the last ones may be said again after a lost link. */
const EPOCHS_KEPT_MAX = 64;

/** Nothing is to be heard of its seed any more. */
const isOver = ({ revealed, lost }: KeptEpoch): boolean =>
  revealed !== undefined || lost !== undefined;

type Problem = [code: RefusalCode, message: string];
type Known = 'new' | 'known' | Problem;

/**
 * A verifier publishes an epoch before it draws, and its seed when all of it is judged. What is on
 * disk is acknowledged, again and again; a second, different record never takes the place of the
 * first.
 */
export function receiveEpoch(turn: Turn, verifier: VerifierSession, signed: SignedEpoch): void {
  const { hub, world } = turn;
  const { record, signature } = signed;
  const { key, socket } = verifier;
  const signedBySession =
    record.verifier === key && world.verify({ key, context: 'epoch', record, signature });
  const known: Known = signedBySession
    ? judgeEpoch(turn, record)
    : ['signature-wrong', 'an epoch must be signed by the verifier of this session'];
  if (Array.isArray(known)) return decline(turn, socket, { code: known[0], message: known[1] });
  if (known === 'known') return acknowledgeEpoch(turn, signed);
  const name = nameOf.epoch(record.verifier, record.epoch, record.type);
  if (!isUnderway(hub.underway, name)) store(turn, [{ type: 'epoch', signed }]);
}

/** The record is on disk, and its verifier may go by it. */
export function acknowledgeEpoch(turn: Turn, { record }: SignedEpoch): void {
  const verifier = turn.hub.verifiers.get(record.verifier);
  if (verifier === undefined) return;
  const { epoch, type } = record;
  send(turn, verifier.socket, { type: 'epoch-logged', epoch, record: type });
}

const isSame = (a: EpochRecord, b: EpochRecord): boolean => canonicalJson(a) === canonicalJson(b);

/** Takes a record that is on disk into the book; the oldest that are over go. */
export function noteEpoch(hub: Hub, signed: SignedEpoch): void {
  const { record, signature } = signed;
  const book: EpochBook = hub.epochs.get(record.verifier) ?? new Map();
  hub.epochs.set(record.verifier, book);
  const kept = book.get(record.epoch);
  if (record.type === 'opened') book.set(record.epoch, { opened: { record, signature } });
  else if (record.type === 'lost' && kept !== undefined) kept.lost = { record, signature };
  else if (record.type === 'revealed' && kept !== undefined) kept.revealed = { record, signature };
  for (const [number, oldest] of book) {
    if (book.size <= EPOCHS_KEPT_MAX || !isOver(oldest)) break;
    book.delete(number);
  }
}

/** Whether a record may be taken. Epochs follow each other without a gap or an overlap. */
function judgeEpoch(turn: Turn, record: EpochRecord): Known {
  const book: EpochBook = turn.hub.epochs.get(record.verifier) ?? new Map();
  const kept = book.get(record.epoch);
  const said = kept?.[record.type];
  if (said !== undefined) {
    if (isSame(said.record, record)) return 'known';
    return [
      'epoch-duplicate',
      `epoch ${record.epoch} was ${record.type} already, with another record; one key belongs to one verifier`,
    ];
  }
  if (record.type === 'opened') return judgeOpened(book, record);
  if (kept === undefined) return ['epoch-order', `epoch ${record.epoch} is not open here`];
  if (isOver(kept)) {
    const end = kept.lost === undefined ? 'revealed' : 'lost';
    return ['epoch-duplicate', `the seed of epoch ${record.epoch} is ${end} already`];
  }
  return record.type === 'lost' ? 'new' : judgeRevealed(turn, book, record);
}

function judgeOpened(book: EpochBook, { epoch, from }: EpochRecordOf<'opened'>): Known {
  const newest = Math.max(0, ...book.keys());
  if (epoch <= newest) return ['epoch-duplicate', `epoch ${epoch} was opened and ended long ago`];
  if (epoch > newest + 1) {
    return ['epoch-order', `the next epoch of this verifier is ${newest + 1}, not ${epoch}`];
  }
  const [oldest] = book.values();
  if (book.size >= EPOCHS_KEPT_MAX && oldest !== undefined && !isOver(oldest)) {
    return ['epoch-order', `${book.size} epochs are kept; reveal the oldest before the next one`];
  }
  // What was drawn under a seed that is lost, and is not judged, is drawn again.
  const last = [...book.values()].findLast(({ lost }) => lost === undefined);
  const least =
    last?.revealed === undefined ? last?.opened.record.from : last.revealed.record.through + 1;
  if (from >= (least ?? 0)) return 'new';
  const draws = last?.opened.record.epoch;
  return ['epoch-order', `epoch ${epoch} begins at ${from}, where epoch ${draws} draws`];
}

function judgeRevealed(
  { hub, world }: Turn,
  book: EpochBook,
  { epoch, seed, through }: EpochRecordOf<'revealed'>,
): Known {
  const opened = book.get(epoch)?.opened.record;
  if (opened === undefined) return ['epoch-order', `epoch ${epoch} is not open here`];
  if (bytesToHex(world.sha256(hexToBytes(seed))) !== opened.commitment) {
    return ['epoch-seed', `the seed of epoch ${epoch} is not the one that it was opened with`];
  }
  const next = book.get(epoch + 1)?.opened.record.from ?? hub.nextSequence;
  if (through >= opened.from - 1 && through < Math.max(next, opened.from)) return 'new';
  return [
    'epoch-order',
    `epoch ${epoch} cannot end at ${through}: it begins at ${opened.from}, and ${next} is not its own`,
  ];
}

/** For a verifier's welcome; nothing of one that has opened no epoch. */
export function bookOf(hub: Hub, key: PublicKey): VerifierBook | undefined {
  const book: EpochBook = hub.epochs.get(key) ?? new Map();
  if (book.size === 0) return undefined;
  const open = [...book].filter(([, kept]) => !isOver(kept)).map(([number]) => number);
  return { lastEpoch: Math.max(...book.keys()), open, judged: hub.judged.get(key) ?? -1 };
}
