import { describePolicy } from '#protocol/check-policy.ts';
import { bytesToHex } from '#protocol/digest.ts';
import type { PublicKey, Signature } from '#protocol/ids.ts';
import type { LoggedCommitment, LoggedShard } from '#protocol/public-log.ts';
import type { SignedTreeHead, SignedVerdict } from '#protocol/records.ts';
import type { SigningContext } from '#protocol/signature.ts';
import { auditDraws } from './audit-draws.ts';
import { auditLog } from './audit-log.ts';
import { commitSeed } from './draw.ts';
import type { LogLine } from './events.ts';

/** What anyone can read of a hub and a verifier. */
export interface Evidence {
  epoch: number;
  hub: PublicKey;
  /** The verifier's whole log, in its order. */
  lines: readonly LogLine[];
  head: SignedTreeHead;
  /** A head that somebody was given before, of which this log must be a continuation. */
  earlier?: SignedTreeHead;
  /** The hub's entries under `head`, by position. */
  entries: readonly LoggedCommitment[];
  /** Accepted shards by sequence from the first one on; digests may be empty before the epoch. */
  shards: readonly LoggedShard[];
  /** Verdicts of all verifiers, as the hub shows them. */
  verdicts: readonly SignedVerdict[];
}

export interface Signed {
  key: PublicKey;
  context: SigningContext;
  record: unknown;
  signature: Signature;
}
export type Verify = (signed: Signed) => boolean;

/**
 * What can be wrong: the log is not one log (`log`), a commitment is not what its device signed
 * (`commitment`), the hub lent trust (`standing`), the seed was swapped or comes late (`seed`), a
 * drawn unit has no verdict (`skipped`), a unit was checked that was not drawn (`undrawn`), a verdict
 * is not what it says (`verdict`), or hub and verifier show different verdicts (`withheld`).
 */
export type FaultCode =
  | 'log'
  | 'commitment'
  | 'standing'
  | 'seed'
  | 'skipped'
  | 'undrawn'
  | 'verdict'
  | 'withheld';
export interface Fault {
  code: FaultCode;
  message: string;
}

/** Whether an epoch can be audited: its seed must be revealed. */
export type AuditReport =
  | { state: 'unknown' | 'unrevealed'; message: string }
  | { state: 'audited'; checked: string[]; faults: Fault[] };

type Line<T extends LogLine['type']> = Extract<LogLine, { type: T }>;

/** A revealed epoch: where its lines stand in the log, and what they say. */
export interface RevealedEpoch {
  opened: Line<'epoch-opened'>;
  revealed: Line<'epoch-revealed'>;
  /** Its verdicts, in the order of the log. */
  verdicts: Line<'verdict'>[];
}

/** Recomputes from public records which units an epoch had to check, and what came of it. */
export function auditEpoch(evidence: Evidence, verify: Verify): AuditReport {
  const { epoch, lines } = evidence;
  const of = <T extends LogLine['type']>(type: T) =>
    lines.filter((line): line is Line<T> => line.type === type && line.epoch === epoch);
  const [opened] = of('epoch-opened');
  const [revealed] = of('epoch-revealed');
  if (opened === undefined) return unknown(evidence);
  if (revealed === undefined) {
    const message = `epoch ${epoch} is not revealed: its seed is still secret, and follows in the log when its last draw is judged`;
    return { state: 'unrevealed', message };
  }
  const found: RevealedEpoch = { opened, revealed, verdicts: of('verdict') };
  const seeds = auditSeed(evidence, found);
  const log = auditLog(evidence, found, verify);
  const draws = auditDraws(evidence, found, verify);
  return {
    state: 'audited',
    checked: [
      `the seed of epoch ${epoch} against SHA-256 ${opened.commitment}, logged before its first verdict; it checks ${describePolicy(opened.policy)}`,
      ...log.checked,
      ...draws.checked,
    ],
    faults: [...seeds, ...log.faults, ...draws.faults],
  };
}

function unknown({ epoch, lines }: Evidence): AuditReport {
  const known = lines.flatMap((line) => (line.type === 'epoch-opened' ? [line.epoch] : []));
  const [first, last] = [Math.min(...known), Math.max(...known)];
  const range = known.length === 0 ? 'none' : `epochs ${first} to ${last}`;
  return { state: 'unknown', message: `this log opened no epoch ${epoch}: it has ${range}` };
}

/** The seed is the one committed to first, and nothing was drawn before, or told after, its reveal. */
function auditSeed({ epoch, lines }: Evidence, { opened, revealed }: RevealedEpoch) {
  const faults: Fault[] = [];
  const fault = (message: string) => faults.push({ code: 'seed', message });
  if (bytesToHex(commitSeed(revealed.seed)) !== opened.commitment) {
    fault(`the revealed seed of epoch ${epoch} is not the one whose SHA-256 was logged first`);
  }
  const others = lines.filter((line) => line.type !== 'verdict' && line.epoch === epoch);
  if (others.length > 2 || others.some((line) => 'seed' in line !== (line === revealed))) {
    fault(`epoch ${epoch} was opened or revealed more than once`);
  }
  if (revealed.from !== opened.from || revealed.commitment !== opened.commitment) {
    fault(
      `epoch ${epoch} was revealed with another beginning or commitment than it was opened with`,
    );
  }
  const [start, end] = [lines.indexOf(opened), lines.indexOf(revealed)];
  const places = lines.flatMap((line, at) =>
    line.type === 'verdict' && line.epoch === epoch ? [at] : [],
  );
  if (end < start || places.some((at) => at < start)) {
    fault(`epoch ${epoch} was opened after a verdict or the seed of it was known`);
  }
  if (places.some((at) => at > end)) {
    fault(`verdicts of epoch ${epoch} were logged after its seed was revealed`);
  }
  return faults;
}
