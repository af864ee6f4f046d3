import { bytesToHex } from '#protocol/bytes/digest.ts';
import { commitSeed } from '../draws/draw.ts';
import {
  type Evidence,
  type Fault,
  type RevealedEpoch,
  recordsOf,
  type Verify,
} from './evidence.ts';

/**
 * The seed is the one that the hub was told the hash of first, and nothing was drawn before, or
 * told after, its reveal. The hub's copy of the records is what a log that was written anew cannot
 * change.
 */
export function auditEpochs(evidence: Evidence, found: RevealedEpoch, verify: Verify): Fault[] {
  const { epoch, seedHash } = evidence;
  const { opened, revealed } = found;
  const faults: Fault[] = [];
  const fault = (message: string) => faults.push({ code: 'seed', message });
  if (bytesToHex(commitSeed(revealed.seed)) !== opened.commitment) {
    fault(`the revealed seed of epoch ${epoch} is not the one whose SHA-256 was logged first`);
  }
  if (seedHash !== undefined && seedHash !== opened.commitment) {
    fault(
      `epoch ${epoch} was opened with another seed than the one you wrote down: the log was written anew`,
    );
  }
  const records = recordsOf(evidence);
  if (records.length > 2) fault(`epoch ${epoch} was opened or revealed more than once`);
  for (const { record, signature } of records) {
    const key = opened.verifier;
    if (record.verifier === key && verify({ key, context: 'epoch', record, signature })) continue;
    fault(`its verifier did not sign that epoch ${epoch} was ${record.type}`);
  }
  for (const message of [...compareCopies(evidence, found), ...auditOrder(evidence, found)]) {
    fault(message);
  }
  return faults;
}

/** The hub shows the same records as the verifier's log, to the letter. */
function* compareCopies(evidence: Evidence, { opened }: RevealedEpoch): Generator<string> {
  const { epoch, epochs } = evidence;
  const shown = epochs.filter(
    ({ record }) => record.verifier === opened.verifier && record.epoch === epoch,
  );
  for (const { record, signature } of recordsOf(evidence)) {
    const atHub = shown.filter(({ record: { type } }) => type === record.type);
    if (atHub.length === 0) yield `the hub was not told that epoch ${epoch} was ${record.type}`;
    else if (atHub.some((other) => other.signature !== signature)) {
      yield `the hub was told otherwise how epoch ${epoch} was ${record.type}: the log was written anew`;
    }
  }
}

/** Opened first, then its verdicts, then its seed. */
function* auditOrder({ epoch, lines }: Evidence, found: RevealedEpoch): Generator<string> {
  const placeOf = (wanted: unknown) =>
    lines.findIndex((line) => line.type === 'epoch' && line.signed.record === wanted);
  const [start, end] = [placeOf(found.opened), placeOf(found.revealed)];
  const places = lines.flatMap((line, at) =>
    line.type === 'verdict' && line.signed.verdict.epoch === epoch ? [at] : [],
  );
  if (end < start || places.some((at) => at < start)) {
    yield `epoch ${epoch} was opened after a verdict or the seed of it was known`;
  }
  if (places.some((at) => at > end)) {
    yield `verdicts of epoch ${epoch} were logged after its seed was revealed`;
  }
}
