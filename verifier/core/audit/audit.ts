import { describePolicy } from '#protocol/checks/check-policy.ts';
import { auditDraws } from './draws.ts';
import { auditEpochs } from './epochs.ts';
import {
  type Evidence,
  type Fault,
  type RevealedEpoch,
  recordsOf,
  type VerdictLine,
  type Verify,
} from './evidence.ts';
import { auditLog } from './log.ts';

/** Whether an epoch can be audited: its seed must be revealed. */
export type AuditReport =
  | { state: 'unknown' | 'unrevealed'; message: string }
  | { state: 'audited'; checked: string[]; faults: Fault[] };

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
