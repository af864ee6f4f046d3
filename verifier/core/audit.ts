import { describePolicy } from '#protocol/check-policy.ts';
import type { EpochRecordOf, SignedEpoch } from '#protocol/epoch.ts';
import type { Digest, PublicKey } from '#protocol/ids.ts';
import type { LoggedCommitment, LoggedShard } from '#protocol/public-log.ts';
import type { SignedTreeHead, SignedVerdict } from '#protocol/records.ts';
import { auditDraws } from './audit-draws.ts';
import { auditEpochs } from './audit-epochs.ts';
import { auditLog } from './audit-log.ts';
import type { LogLine, Signed } from './events.ts';

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

export type Verify = (signed: Signed) => boolean;

/**
 * What can be wrong: the log is not one log (`log`), a commitment is not what its device signed
 * (`commitment`), the hub lent trust (`standing`), the seed was swapped or comes late (`seed`) or is gone (`lost`), a
 * drawn unit has no verdict (`skipped`), a unit was checked that was not drawn (`undrawn`), a verdict
 * is not what it says (`verdict`), a device was called unfit too early or too late (`count`), or hub and
 * verifier show different verdicts (`withheld`).
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

/** Whether an epoch can be audited: its seed must be revealed. */
export type AuditReport =
  | { state: 'unknown' | 'unrevealed'; message: string }
  | { state: 'audited'; checked: string[]; faults: Fault[] };

type VerdictLine = Extract<LogLine, { type: 'verdict' }>;

/** A revealed epoch, as its lines in the log say. */
export interface RevealedEpoch {
  opened: EpochRecordOf<'opened'>;
  revealed: EpochRecordOf<'revealed'>;
  /** Its verdicts, in the order of the log. */
  verdicts: VerdictLine[];
}

/** Recomputes from public records which units an epoch had to check, and what came of it. */
export function auditEpoch(evidence: Evidence, verify: Verify): AuditReport {
  const { epoch, lines } = evidence;
  const records = recordsOf(evidence).map(({ record }) => record);
  const opened = records.find((record) => record.type === 'opened');
  const revealed = records.find((record) => record.type === 'revealed');
  if (records.some((record) => record.type === 'lost')) return lost(evidence);
  if (opened === undefined) return unknown(evidence);
  if (revealed === undefined) {
    const message = `epoch ${epoch} is not revealed: its seed is still secret, and follows in the log when its last draw is judged`;
    return { state: 'unrevealed', message };
  }
  const verdicts = lines.filter(
    (line): line is VerdictLine => line.type === 'verdict' && line.signed.verdict.epoch === epoch,
  );
  const found: RevealedEpoch = { opened, revealed, verdicts };
  const seeds = auditEpochs(evidence, found, verify);
  const log = auditLog(evidence, found, verify);
  const draws = auditDraws(evidence, found, verify);
  return {
    state: 'audited',
    checked: [
      `the seed of epoch ${epoch} against SHA-256 ${opened.commitment}, signed, in the log and at the hub before its first verdict; it checks ${describePolicy(opened.policy)}`,
      ...log.checked,
      ...draws.checked,
    ],
    faults: [...seeds, ...log.faults, ...draws.faults],
  };
}

/** What the log says of the epoch at hand, in its order. */
export const recordsOf = ({ epoch, lines }: Evidence): SignedEpoch[] =>
  lines.flatMap((line) =>
    line.type === 'epoch' && line.signed.record.epoch === epoch ? [line.signed] : [],
  );

/** Its verifier has lost the seed: what it had to check can never be known. */
function lost({ epoch }: Evidence): AuditReport {
  const message = `the verifier lost the disk with the seed of epoch ${epoch}: nobody can draw it again, so that what it had to check is not known`;
  return { state: 'audited', checked: [], faults: [{ code: 'lost', message }] };
}

function unknown({ epoch, lines }: Evidence): AuditReport {
  const known = lines.flatMap((line) => (line.type === 'epoch' ? [line.signed.record.epoch] : []));
  const [first, last] = [Math.min(...known), Math.max(...known)];
  const range = known.length === 0 ? 'none' : `epochs ${first} to ${last}`;
  return { state: 'unknown', message: `this log opened no epoch ${epoch}: it has ${range}` };
}
