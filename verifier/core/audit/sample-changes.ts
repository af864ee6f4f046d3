import type { EpochRecord } from '#protocol/records/epoch.ts';
import type { LoggedShard } from '#protocol/records/public-log.ts';
import type { LogLine } from '../state/events.ts';
import { auditEpoch } from './audit.ts';
import type { Evidence, FaultCode } from './evidence.ts';
import {
  sampleEvidence,
  signEpoch,
  type VerdictLine,
  verifySample as verify,
} from './sample-evidence.ts';

/** What an audit finds. */
export function faultsOf(evidence: Evidence): { code: FaultCode; message: string }[] {
  const report = auditEpoch(evidence, verify);
  if (report.state !== 'audited') throw new Error(report.message);
  return report.faults;
}
export const codesOf = (evidence: Evidence) => [
  ...new Set(faultsOf(evidence).map(({ code }) => code)),
];

/** An epoch in which nothing is wrong. */
export const honest = sampleEvidence(2);
export const isVerdict = (line: LogLine): line is VerdictLine => line.type === 'verdict';
export const epochOf = (line: LogLine): number =>
  line.type === 'verdict' ? line.signed.verdict.epoch : line.signed.record.epoch;
/** Its verdicts. */
export const verdictLines = honest.lines.filter(isVerdict).filter((line) => epochOf(line) === 2);
/** The lines of epoch 2 that open and reveal it, with their records changed and signed again. */
export const withRecord = (change: (record: EpochRecord) => EpochRecord): Evidence =>
  changeRecords(honest, change);
/** The same for any evidence. */
export const changeRecords = (
  evidence: Evidence,
  change: (record: EpochRecord) => EpochRecord,
): Evidence => ({
  ...evidence,
  lines: evidence.lines.map((line) =>
    isVerdict(line) || epochOf(line) !== 2
      ? line
      : { type: 'epoch', signed: signEpoch(change(line.signed.record)) },
  ),
});
/** The hub was told what the log says. */
export const published = (evidence: Evidence): Evidence => ({
  ...evidence,
  epochs: evidence.lines.flatMap((line) => (isVerdict(line) ? [] : [line.signed])),
});
export const isRecord = (line: LogLine, type: EpochRecord['type']): boolean =>
  line.type === 'epoch' && line.signed.record.type === type && epochOf(line) === 2;

/** The evidence with some lines of the log changed, and the hub showing the same verdicts. */
export function withLines(change: (line: LogLine) => LogLine[]): Evidence {
  const lines = honest.lines.flatMap(change);
  return { ...honest, lines, verdicts: lines.filter(isVerdict).map(({ signed }) => signed) };
}
/** The evidence with one shard changed. */
export const withShard = (
  sequence: number,
  change: (logged: LoggedShard) => LoggedShard,
): Evidence => ({
  ...honest,
  shards: honest.shards.map((logged) =>
    logged.shard.sequence === sequence ? change(logged) : logged,
  ),
});
