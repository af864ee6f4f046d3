import { decodeDigests } from '#protocol/bytes/base64.ts';
import { digestAt } from '#protocol/bytes/digest.ts';
import type { SignedVerdict, Verdict } from '#protocol/records/records.ts';
import type { RefusalCode } from '#protocol/values/refusal.ts';
import { kindOf } from '../kinds/kind-of.ts';
import type { VerifierSession } from '../state/device.ts';
import { judgeName, verdictName } from '../state/facts.ts';
import type { Hub } from '../state/hub.ts';
import type { Job } from '../state/job.ts';
import { verdictBy } from '../state/signed-in.ts';
import { isUnderway, nameOf } from '../state/underway.ts';
import { decline, store, type Turn } from '../turn.ts';

/** Writes a verdict down. What follows from it is decided when it is on disk. */
export function receiveVerdict(turn: Turn, verifier: VerifierSession, signed: SignedVerdict): void {
  const { hub, world } = turn;
  const { verdict } = signed;
  const name = verdictName(signed);
  if (
    hub.shards.get(verdict.lease)?.judgedBy?.has(judgeName(verdict)) ||
    isUnderway(hub.underway, nameOf.verdict(name))
  )
    return;
  const honest = verdict.verifier === verifier.key && world.verify(verdictBy(verifier.key, signed));
  if (!honest) {
    const message = 'a verdict must be signed by the verifier of this session';
    return decline(turn, verifier.socket, { code: 'signature-wrong', message });
  }
  const job = hub.jobs.get(verdict.job);
  if (job === undefined) {
    const message = `no job ${verdict.job} is known here`;
    return decline(turn, verifier.socket, { code: 'job-unknown', message });
  }
  const problem = judgeVerdict(hub, job, verdict);
  if (problem !== undefined) {
    return decline(turn, verifier.socket, { code: problem[0], message: problem[1] });
  }
  store(turn, [{ type: 'verdict', signed }]);
}

type Problem = [code: RefusalCode, message: string];
const NO_SHARD: Problem = [
  'lease-unknown',
  'no accepted shard came from the lease of this verdict',
];

/**
 * What is wrong with a signed verdict. It must be about a unit of an accepted shard, void or not: a
 * verifier may have judged it before it heard that the shard is void, or before a restart.
 */
function judgeVerdict(hub: Hub, job: Job, verdict: Verdict): Problem | undefined {
  const { device, unit, claimed, reference, lane, kind } = verdict;
  const shard = hub.shards.get(verdict.lease);
  if (shard === undefined || shard.job !== verdict.job) return NO_SHARD;
  if (shard.device !== device) {
    return ['lease-not-yours', 'the shard of this verdict is the work of another device'];
  }
  const place = unit - shard.firstUnit;
  if (place < 0 || place >= shard.unitCount) {
    return ['range-invalid', `unit ${unit} is no part of the shard of this verdict`];
  }
  if (shard.whole !== undefined) {
    const digests = decodeDigests(shard.whole.digests, shard.unitCount);
    if (digests === undefined || digestAt(digests, place) !== claimed) {
      return ['result-digest', 'the device did not claim the digest that this verdict says'];
    }
  }
  const inside = job.manifest && kindOf(job).verdictFault(job.manifest, verdict);
  if (inside !== undefined) return ['result-digest', `this verdict ${inside}`];
  const right = claimed === reference && verdict.fingerprint?.deviates === undefined;
  if ((kind === 'match' && lane === 'exact' && !right) || (kind === 'mismatch' && right)) {
    return ['result-digest', `the digests of this verdict do not bear out that it is a ${kind}`];
  }
  return undefined;
}

/** A verifier has judged every draw up to a sequence. */
export function receiveJudged(turn: Turn, verifier: VerifierSession, through: number): void {
  if (through <= (turn.hub.judged.get(verifier.key) ?? -1)) return;
  if (through > verifier.sentThrough) {
    const message = `judged ${through} is ahead of ${verifier.sentThrough}, the last shard sent`;
    return decline(turn, verifier.socket, { code: 'message-out-of-order', message });
  }
  store(turn, [{ type: 'judged', verifier: verifier.key, through }]);
}
