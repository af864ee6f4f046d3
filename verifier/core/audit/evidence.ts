import type { Signed } from '#protocol/bytes/signature.ts';
import type { EpochRecordOf, SignedEpoch } from '#protocol/records/epoch.ts';
import type { LoggedCommitment, LoggedShard } from '#protocol/records/public-log.ts';
import type { SignedTreeHead, SignedVerdict } from '#protocol/records/records.ts';
import type { Digest, PublicKey } from '#protocol/values/ids.ts';
import type { LogLine } from '../state/events.ts';

/** What anyone can read of a hub and a verifier. */
export interface Evidence {
  epoch: number;
  hub: PublicKey;
  /** The verifier's whole log, in its order. */
  lines: readonly LogLine[];
  head: SignedTreeHead;
  /** A head that somebody was given before, of which this log must be a continuation. */
  earlier?: SignedTreeHead;
  /** Records of epochs of all verifiers, as the hub shows them. */
  epochs: readonly SignedEpoch[];
  /** SHA-256 of the epoch's seed, as somebody wrote it down when the epoch was opened. */
  seedHash?: Digest;
  /** The hub's entries under `head`, by position. */
  entries: readonly LoggedCommitment[];
  /** Accepted shards by sequence from the first one on; digests may be empty before the epoch. */
  shards: readonly LoggedShard[];
  /** Verdicts of all verifiers, as the hub shows them. */
  verdicts: readonly SignedVerdict[];
}

/** Whether a signature is that of its signer. */
export type Verify = (signed: Signed) => boolean;

/**
 * What can be wrong: the log is not one log (`log`), a commitment is not what its device signed
 * (`commitment`), the hub lent trust (`standing`), the seed was swapped or comes late (`seed`) or
 * is gone (`lost`), a drawn unit has no verdict (`skipped`), a unit was checked that was not drawn
 * (`undrawn`), a verdict is not what it says (`verdict`), a device was called unfit too early or
 * too late (`count`), or hub and verifier show different verdicts (`withheld`).
 */
export type FaultCode =
  | 'log'
  | 'commitment'
  | 'standing'
  | 'seed'
  | 'lost'
  | 'skipped'
  | 'undrawn'
  | 'verdict'
  | 'count'
  | 'withheld';

export interface Fault {
  code: FaultCode;
  message: string;
}

export type VerdictLine = Extract<LogLine, { type: 'verdict' }>;

/** A revealed epoch, as its lines in the log say. */
export interface RevealedEpoch {
  opened: EpochRecordOf<'opened'>;
  revealed: EpochRecordOf<'revealed'>;
  /** Its verdicts, in the order of the log. */
  verdicts: VerdictLine[];
}

/** What the log says of the epoch at hand, in its order. */
export const recordsOf = ({ epoch, lines }: Evidence): SignedEpoch[] =>
  lines.flatMap((line) =>
    line.type === 'epoch' && line.signed.record.epoch === epoch ? [line.signed] : [],
  );
