import { decodeDigests } from '#protocol/bytes/base64.ts';
import { digestAt } from '#protocol/bytes/digest.ts';
import { checkThreshold, unitNumber } from '#protocol/checks/check-policy.ts';
import { fingerprintFault } from '#protocol/checks/fingerprint-check.ts';
import type { LoggedShard } from '#protocol/records/public-log.ts';
import {
  type AcceptedShard,
  RUNS_TO_CONFIRM,
  type SignedVerdict,
} from '#protocol/records/records.ts';
import { drawUnits, drawValue, isReviewDrawn } from '../draws/draw.ts';
import type { FiledVerdict, LogLine } from '../state/events.ts';
import { countChecks, judgeCheck } from './deviations.ts';
import {
  type Evidence,
  type Fault,
  type FaultCode,
  type RevealedEpoch,
  recordsOf,
  type Verify,
} from './evidence.ts';
import { auditStandings } from './standings.ts';

interface Audit {
  evidence: Evidence;
  epoch: RevealedEpoch;
  verify: Verify;
  /** Shards by sequence. */
  shards: Map<number, LoggedShard>;
  fault(code: FaultCode, message: string): void;
}

const nameOf = ({ verdict }: SignedVerdict): string => `${verdict.lease}/${verdict.unit}`;

/** Draws the epoch again, and holds its verdicts to draw, shard and signature. */
export function auditDraws(
  evidence: Evidence,
  epoch: RevealedEpoch,
  verify: Verify,
): { checked: string[]; faults: Fault[] } {
  const faults: Fault[] = [];
  const shards = new Map(evidence.shards.map((logged) => [logged.shard.sequence, logged]));
  const fault: Audit['fault'] = (code, message) => faults.push({ code, message });
  const audit: Audit = { evidence, epoch, verify, shards, fault };
  const before = auditStandings(audit);
  const drawn = auditCompleteness(audit, before);
  for (const filed of epoch.verdicts) {
    const message = judgeVerdict(audit, filed);
    if (message !== undefined) fault(message.code, `${nameVerdict(filed)}: ${message.text}`);
  }
  const counted = countChecks(evidence.lines, epoch.verdicts, (text) => fault('count', text));
  auditCopies(audit);
  auditGap(audit);
  const reviewed = auditReviews(audit);
  const { from } = epoch.opened;
  const { through } = epoch.revealed;
  const own = evidence.shards.filter(({ shard }) => within(epoch, shard.sequence));
  const units = own.reduce((sum, { shard }) => sum + shard.unitCount, 0);
  const voided = own.filter((logged) => logged.voided).length;
  return {
    checked: [
      `${units} units in ${own.length} shards (${voided} of them void), sequences ${from} to ${through}; work behind each device recomputed from the first shard on`,
      `${drawn} units drawn again with the seed: each must have a verdict`,
      `${reviewed} verdicts of other verifiers drawn to be done again: each must have a verdict`,
      `${epoch.verdicts.length} verdicts: signature, epoch, n, draw, shard and claimed digest; the hub must show the same ones`,
      ...(counted === 0
        ? []
        : [`${counted} checks of GPUs counted again: a device is unfit by what deviates`]),
    ],
    faults,
  };
}

const within = ({ opened, revealed }: RevealedEpoch, sequence: number): boolean =>
  sequence >= opened.from && sequence <= revealed.through;

/**
 * A verdict of the epoch judges a drawn unit, and so does one that something else asked for before,
 * or that an epoch drew whose seed was lost with the disk.
 */
function nameJudged(line: LogLine, epochs: ReadonlySet<number>): string[] {
  if (line.type !== 'verdict') return [];
  const { verdict } = line.signed;
  return epochs.has(verdict.epoch) || verdict.cause !== undefined ? [nameOf(line.signed)] : [];
}

/** The number of an epoch that its verifier has declared lost. */
const lostEpoch = (line: LogLine): number[] =>
  line.type === 'epoch' && line.signed.record.type === 'lost' ? [line.signed.record.epoch] : [];

/** Each unit whose draw lies under its threshold has a verdict. Void shards are nobody's result. */
function auditCompleteness(
  { evidence, epoch, fault }: Audit,
  before: ReadonlyMap<number, number>,
): number {
  const { lines } = evidence;
  const epochs = new Set([evidence.epoch, ...lines.flatMap(lostEpoch)]);
  const judged = new Set(lines.flatMap((line) => nameJudged(line, epochs)));
  const drawn = { seed: epoch.revealed.seed, policy: epoch.opened.policy };
  let count = 0;
  for (const { shard, voided } of evidence.shards) {
    if (voided || !within(epoch, shard.sequence)) continue;
    const trusted = { ...shard, workBefore: before.get(shard.sequence) ?? 0 };
    for (const unit of drawUnits(drawn, trusted)) {
      count += 1;
      if (judged.has(`${shard.lease}/${unit}`)) continue;
      const text = `unit ${unit} of shard ${shard.sequence} (${shard.job}) was drawn and has no verdict: the verifier left it out, or the hub did not send it`;
      fault('skipped', text);
    }
  }
  return count;
}

/** What is wrong with one verdict of the verifier's log. */
function judgeVerdict(
  { epoch, shards, verify }: Audit,
  { sequence, signed }: FiledVerdict,
): { code: FaultCode; text: string } | undefined {
  const wrong = (text: string) => ({ code: 'verdict' as const, text });
  const { verdict, signature } = signed;
  const { verifier, cause } = verdict;
  if (verifier !== epoch.opened.verifier) {
    return wrong('it is signed by another verifier than its epoch');
  }
  if (!verify({ key: verifier, context: 'verdict', record: verdict, signature })) {
    return wrong('its signature is not of the verifier it names');
  }
  if (cause === undefined && !within(epoch, sequence)) {
    return wrong('it belongs to another epoch than the log says');
  }
  const shard = shards.get(sequence)?.shard;
  if (shard === undefined) return wrong('the hub shows no such shard');
  const text = judgeFinding(verdict, shard);
  if (text !== undefined) return wrong(text);
  if (cause !== undefined) return undefined;
  const { commitment } = shard;
  const threshold = checkThreshold(epoch.opened.policy, verdict.n);
  if (drawValue(epoch.revealed.seed, commitment, verdict.unit) >= threshold) {
    return { code: 'undrawn', text: 'the seed did not draw this unit: the list is not the draw' };
  }
  return undefined;
}

/** A verdict against its shard: the same unit of the same work, and a finding that can be. */
function judgeFinding(verdict: SignedVerdict['verdict'], shard: AcceptedShard): string | undefined {
  const { unit, claimed, reference, kind, lane, n, runs } = verdict;
  const place = unit - shard.firstUnit;
  const same =
    verdict.lease === shard.lease && verdict.device === shard.device && verdict.job === shard.job;
  if (!same || place < 0 || place >= shard.unitCount) return 'its shard has no such unit';
  const digests = decodeDigests(shard.digests, shard.unitCount);
  if (digests === undefined || digestAt(digests, place) !== claimed) {
    return 'it judged other outputs than the device committed to';
  }
  if (n > unitNumber(shard) + place) return 'it counts more units behind the device than there are';
  if (lane !== (shard.provider === 'wasm' ? 'exact' : 'tolerance'))
    return 'it is of the wrong lane';
  const inside = fingerprintFault(verdict, shard.taps !== undefined);
  if (inside !== undefined) return `it ${inside}`;
  const equal = claimed === reference;
  const deviates = verdict.fingerprint?.deviates !== undefined;
  if (kind === 'match' && lane === 'exact' && !equal)
    return 'it says match, and the digests differ';
  if (kind === 'mismatch' && equal && !deviates)
    return 'it says mismatch, and the digests are equal';
  if (kind === 'mismatch' && runs < RUNS_TO_CONFIRM)
    return 'it says mismatch, and nothing confirmed it';
  return judgeCheck(verdict, shard);
}

/**
 * Each verdict of another verifier that the seed drew was done again. The hub numbers verdicts from
 * 1 in the order in which it shows them.
 */
function auditReviews({ evidence, epoch, verify, fault }: Audit): number {
  const { verifier, reviewFrom } = epoch.opened;
  const { seed, reviewThrough } = epoch.revealed;
  const judged = new Set(
    evidence.lines.flatMap((line) => (line.type === 'verdict' ? nameOf(line.signed) : [])),
  );
  let count = 0;
  for (const [at, signed] of evidence.verdicts.slice(0, reviewThrough).entries()) {
    const { verdict: record, signature } = signed;
    const key = record.verifier;
    if (at + 1 < reviewFrom || key === verifier || !isReviewDrawn(seed, signature)) continue;
    if (!verify({ key, context: 'verdict', record, signature })) continue;
    count += 1;
    if (judged.has(nameOf(signed))) continue;
    const text = `verdict ${at + 1}, of verifier ${key} on unit ${record.unit} of ${record.job}, was drawn to be done again, and was not`;
    fault('skipped', text);
  }
  return count;
}

/** The verifier's log and the hub show the same verdicts of this verifier and epoch. */
function auditCopies({ evidence, epoch, fault }: Audit): void {
  const { verifier } = epoch.opened;
  const shown = evidence.verdicts.filter(
    ({ verdict }) => verdict.epoch === evidence.epoch && verdict.verifier === verifier,
  );
  const atHub = new Map(shown.map((signed) => [nameOf(signed), signed.signature]));
  for (const filed of epoch.verdicts) {
    if (atHub.get(nameOf(filed.signed)) === filed.signed.signature) continue;
    fault('withheld', `${nameVerdict(filed)}: the hub shows none, or another one`);
  }
  const logged = new Set(epoch.verdicts.map(({ signed }) => nameOf(signed)));
  for (const signed of shown) {
    if (logged.has(nameOf(signed))) continue;
    const { unit, job } = signed.verdict;
    fault('withheld', `a verdict on unit ${unit} of ${job} is at the hub and not in the log`);
  }
}

/** Shards between the epoch before and this one, which no seed of this verifier draws. */
function auditGap({ evidence, epoch, fault }: Audit): void {
  const before = evidence.epoch - 1;
  const [last] = recordsOf({ ...evidence, epoch: before }).flatMap(({ record }) =>
    record.type === 'revealed' ? [record] : [],
  );
  if (last === undefined) return;
  const { through, reviewThrough } = last;
  const { from, reviewFrom } = epoch.opened;
  // Its own verdicts are numbered with those of others, and never drawn.
  const skipped = evidence.verdicts
    .slice(reviewThrough, reviewFrom - 1)
    .filter(({ verdict }) => verdict.verifier !== epoch.opened.verifier);
  if (skipped.length > 0) {
    const text = `${skipped.length} verdicts of others, of numbers ${reviewThrough + 1} to ${reviewFrom - 1}, lie between epochs ${before} and ${evidence.epoch}: no seed of this verifier draws from them`;
    fault('skipped', text);
  }
  if (through >= from) {
    fault('seed', `epoch ${evidence.epoch} begins before epoch ${before} ended`);
  }
  for (const { shard, voided } of evidence.shards) {
    if (voided || shard.sequence <= through || shard.sequence >= from) continue;
    const text = `shard ${shard.sequence} lies between epochs ${before} and ${evidence.epoch}: no seed of this verifier draws it`;
    fault('skipped', text);
  }
}

const nameVerdict = ({ sequence, signed: { verdict } }: FiledVerdict): string =>
  `the verdict on unit ${verdict.unit} of shard ${sequence}`;
