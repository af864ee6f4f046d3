import type { PackageDraft } from '#protocol/api/job.ts';
import type { HubMessage, VerifierBook } from '#protocol/messages/control.ts';
import type { BlobRef, PackageManifest } from '#protocol/models/package.ts';
import type { AcceptedShard, CheckCause, UnitInputs } from '#protocol/records/records.ts';
import type { Digest, JobId, Nonce, PublicKey } from '#protocol/values/ids.ts';
import type { Refusal } from '#protocol/values/refusal.ts';
import { type Instant, type Millis, millis } from '#protocol/values/units.ts';
import type {
  CheckCount,
  Epoch,
  FiledVerdict,
  LinkId,
  Marks,
  Print,
  Reference,
  Saved,
  TaskId,
  Token,
  UnitToExamine,
  VerifierConfig,
} from './events.ts';

/** A `judged` that went out on a link that still holds after this time has arrived. */
export const SETTLE_MS = millis(5_000);

/** The one state machine of a verifier. Every phase but `ready` says why it is not ready. */
export type Phase =
  | { name: 'waiting'; until: Instant; reason: string }
  | {
      name: 'connecting';
      link: LinkId;
      since: Instant;
      challenge?: { nonce: Nonce; hub: PublicKey };
    }
  | {
      name: 'ready';
      link: LinkId;
      since: Instant;
      heardAt: Instant;
      sentAt: Instant;
      beatMs: Millis;
      /** What the hub may need until it surely has it: reviews judged at this time. */
      reviewing: { through: number; at: Instant };
      /** Verdicts the hub had when it welcomed us. */
      reviewCount: number;
      /** The last `judged` message on this link. */
      told?: { through: number; at: Instant };
    }
  | { name: 'stopping' }
  | { name: 'stopped' };

/**
 * An epoch on its way: `opening` until it is in our log, `opened` until the hub has it, `logged`
 * while it draws; `revealing` until its seed is in our log, `revealed` until the hub has that, and
 * then
 * `over`, until the seed is off the disk.
 */
export interface KeptEpoch extends Epoch {
  stage: 'opening' | 'opened' | 'logged' | 'revealing' | 'revealed' | 'over';
  /** When the record at hand was last sent. */
  told?: { link: LinkId; at: Instant };
}

/** What is known about one hub: the durable part, and how far its checks have been seen. */
export interface Book {
  hub: PublicKey;
  judged: number;
  settled: number;
  /** As in `Saved`; `reviewMarked` is the one on disk. */
  reviewed: number;
  reviewMarked: number;
  reviewDrawn: number;
  /** The last verdict of others that was drawn or passed over since the start. */
  reviewSeen: number;
  lastEpoch: number;
  epochs: KeptEpoch[];
  verdicts: FiledVerdict[];
  counts: CheckCounts;
  /** Largest sequence ever drawn, by what is on disk: a new epoch begins after it. */
  highest: number;
  /** Largest sequence drawn since the start; units drawn before may be left to judge. */
  drawn: number;
  /** Largest sequence the hub sent on this link: it takes no `judged` past that. */
  seen: number;
}

/** One drawn unit on its way to a verdict. */
export interface UnitCheck {
  unit: number;
  stage: 'waiting' | 'executing' | 'claiming' | 'deciding' | 'filing';
  tries: number;
  retryAt: Instant;
  references: Reference[];
  claim?: Reference | 'unavailable';
  /** Where the package has taps. */
  print?: Print | 'unavailable';
  /** Set when re-execution was given up. */
  failed?: Refusal;
  filed?: FiledVerdict;
}

/** What is known of a shard whose units are judged: of a review there is one unit. */
export type CheckedShard = Pick<
  AcceptedShard,
  'sequence' | 'job' | 'lease' | 'device' | 'class' | 'provider' | 'package' | 'firstUnit'
> &
  /** Unknown of what another verifier has judged: the hub's log entry says it. */
  Partial<Pick<AcceptedShard, 'commitment'>>;

/** An accepted shard with units that still have to be judged. */
export interface Pending {
  shard: CheckedShard;
  inputs: UnitInputs;
  /** 32 bytes of SHA-256 per unit, as the device claimed. */
  digests: Uint8Array;
  epoch: number;
  cause?: CheckCause;
  /** What the draw of the first unit went by, or less where this verifier has counted less. */
  n: number;
  /** The number of the verdict that this is a review of. */
  review?: number;
  /** The hub has asked for it and waits for what is found: it goes first. */
  urgent?: true;
  units: UnitCheck[];
}

/** An accepted shard that waits for its draw. */
export interface Arrival {
  shard: AcceptedShard;
  inputs: UnitInputs;
  digests: Uint8Array;
  /** The least share of units to draw, in parts per million: what the job's assurance asks for. */
  floorPpm: number;
  cause?: CheckCause;
  /** Units that verifiers disagree on: judged whatever was drawn. */
  disputed?: readonly number[];
}

/** A job whose model is being run for the first time. */
export interface Preparing {
  job: JobId;
  draft: PackageDraft;
  inputs: BlobRef;
  units: readonly number[];
  decoyUnits: readonly number[];
  task?: TaskId;
}

/** A unit that the hub wants looked into. */
export interface Examining extends UnitToExamine {
  job: JobId;
  task?: TaskId;
}

/** What a `persist` effect was for. */
export type Persisting =
  | { type: 'epoch'; epoch: number }
  | { type: 'verdict'; sequence: number; check: UnitCheck }
  | ({ type: 'marks' } & Marks)
  | { type: 'reveal'; epoch: number }
  | { type: 'forget'; epoch: number };

/** The whole state of a verifier, changed in place. */
export interface Verifier {
  config: VerifierConfig;
  phase: Phase;
  failures: number;
  book?: Book;
  /**
   * Of jobs of the hub at hand, as it sent them on this link; the one named last comes last. Past
   * a bound those of no job at hand go.
   */
  manifests: Map<JobId, PackageManifest>;
  /** Work seen of each device since its last confirmed failure, in microseconds. */
  standings: Map<PublicKey, number>;
  /** Cost of a unit of each package, as the hub said it first. */
  costs: Map<Digest, number>;
  /** Waiting for an epoch whose commitment is in the log; in order of sequence. */
  arrivals: Arrival[];
  /** Verdicts of others not drawn from yet, by number. */
  reviews: Review[];
  /** Exit exitChecks not drawn yet. */
  exitChecks: Arrival[];
  /** Void before they were drawn. */
  voided: Set<number>;
  /** In order of sequence. */
  queue: Pending[];
  /** What the hub has on disk of this verifier, while the rest of it is read back. */
  recalling?: { known: VerifierBook; retryAt?: Instant };
  /** By GPU (`countName`): the check whose verdict is numbered and not on disk yet. */
  numbering: Map<string, UnitCheck>;
  /** First sequence turned away because the queue was full. */
  overflow?: number;
  tasks: Map<TaskId, { pending: Pending; check: UnitCheck }>;
  preparing: Preparing[];
  examining: Examining[];
  persisting: Map<Token, Persisting>;
  /** Nothing is written before this time, after the disk refused. */
  diskAfter: Instant;
  judgedTotal: number;
  caughtTotal: number;
  nextLink: LinkId;
  nextTask: TaskId;
  nextToken: Token;
}

/** Opens the book of one hub from what is on disk. */
export function openBook(saved: Saved): Book {
  const sequences = saved.verdicts.map((filed) => filed.sequence);
  const closed = saved.epochs.map((epoch) => epoch.through ?? -1);
  const epochs = saved.epochs.map((epoch): KeptEpoch => {
    return { ...epoch, stage: epoch.revealed === undefined ? 'opened' : 'revealed' };
  });
  return {
    hub: saved.hub,
    judged: saved.judged,
    settled: saved.settled,
    reviewed: saved.reviewed,
    reviewMarked: saved.reviewed,
    reviewDrawn: saved.reviewDrawn,
    reviewSeen: saved.reviewed,
    lastEpoch: saved.lastEpoch,
    epochs,
    verdicts: [...saved.verdicts],
    counts: new Map(saved.counts),
    highest: Math.max(saved.judged, ...sequences, ...closed),
    drawn: saved.judged,
    seen: -1,
  };
}

/** Forgets verdicts the hub surely has. */
export function forgetSettled(book: Book): void {
  const { settled, reviewed } = book;
  book.verdicts = book.verdicts.filter(
    ({ sequence, review = 0 }) => sequence > settled || review > reviewed,
  );
}

/**
 * By device, package and provider. Each entry has cost a device its turn among newcomers and an
 * admission, so that the count needs no bound of its own.
 */
export type CheckCounts = Map<string, CheckCount>;

/** Another verifier's verdict that is to be done again. */
export type Review = Extract<HubMessage, { type: 'review' }>;
