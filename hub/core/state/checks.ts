import type { SignedEpochOf } from '#protocol/records/epoch.ts';
import type { FailedItems } from '#protocol/records/failed-items.ts';
import type { AcceptedShard, SignedVerdict } from '#protocol/records/records.ts';
import type { JobId, LeaseId, PublicKey } from '#protocol/values/ids.ts';
import type { Instant } from '#protocol/values/units.ts';
import type { SocketId } from './events.ts';

/**
 * One unit that a verifier found wrong, where several are enrolled. The others are asked, and what
 * is said of the unit is withheld until all have spoken or have had their time, so that nobody can
 * repeat what another one said. Then the unit is resolved, once. Until then its device gets no
 * work, its job does not end and nothing of the device is released.
 */
export interface Dispute {
  job: JobId;
  lease: LeaseId;
  unit: number;
  device: PublicKey;
  /** Whole: it may be void before all have spoken. */
  shard: AcceptedShard;
  /** When the others were first asked, in this life of the hub. */
  since?: Instant;
  /** What was said since the unit was found wrong. */
  withheld: SignedVerdict[];
}

/**
 * A unit that failed twice on devices, and what verifiers say of it. It is lent to nobody meanwhile.
 * A restart forgets it: the unit is lent again, and fails again.
 */
export interface Exam {
  job: JobId;
  unit: number;
  /** When a verifier was first asked. */
  since?: Instant;
  /** On which socket each verifier was asked, and when. */
  asked: Map<PublicKey, { socket: SocketId; at: Instant }>;
  said: Map<PublicKey, readonly FailedItems[]>;
  /** The unit is accepted: a verifier could not execute it again. */
  isAccepted?: true;
  /** The unit is being mended: nothing more is asked. */
  isDecided: boolean;
}

/** One epoch of a verifier. A record counts when it is on disk; until then no other is taken. */
export interface KeptEpoch {
  opened: SignedEpochOf<'opened'>;
  revealed?: SignedEpochOf<'revealed'>;
  lost?: SignedEpochOf<'lost'>;
}

/** What a hub knows of the epochs of one verifier: the newest, by number, oldest first. */
export type EpochBook = Map<number, KeptEpoch>;

/**
 * Verdicts on disk, numbered from 1 as they got there. They are shown in this order, up to the
 * first one that is withheld: a reader that goes on from page to page misses none.
 */
export interface Reviews {
  /** How many are shown. */
  count: number;
  /** The newest of those shown. */
  newest: { number: number; signed: SignedVerdict }[];
  /** On disk and not shown, in order. */
  waiting: SignedVerdict[];
  /** By `verdictName`: verdicts on units in dispute, on disk or on their way there. */
  withheld: Set<string>;
}
