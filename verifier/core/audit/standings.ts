import { RUNS_TO_CONFIRM } from '#protocol/records/records.ts';
import type { Digest, PublicKey } from '#protocol/values/ids.ts';
import type { Evidence, FaultCode, RevealedEpoch, Verify } from './evidence.ts';

/**
 * Counts the work behind each device again, from the first shard on and from nothing after each
 * confirmed failure, and gives for each sequence what it may be trusted for: the hub's word, never
 * more than the count, in microseconds. A hub that says more lends trust, and so does one that says
 * another cost of a unit than the package had at first. A device that was caught has shards under
 * way; those are void, and not held to the count.
 */
export function auditStandings({
  evidence,
  epoch,
  verify,
  fault,
}: {
  evidence: Evidence;
  epoch: RevealedEpoch;
  verify: Verify;
  fault(code: FaultCode, message: string): void;
}): Map<number, number> {
  const failures = findFailures(evidence, verify);
  const counts = new Map<PublicKey, { work: number; failures: number }>();
  const costs = new Map<Digest, number>();
  const trusted = new Map<number, number>();
  for (const { shard, voided } of evidence.shards) {
    const { sequence, device, workBefore, unitCost, unitCount } = shard;
    if (sequence > epoch.revealed.through) break;
    const failed = (failures.get(device) ?? []).filter((at) => at < shard.at).length;
    const known = counts.get(device);
    const work = known === undefined || known.failures < failed ? 0 : known.work;
    counts.set(device, { work: work + unitCount * unitCost, failures: failed });
    trusted.set(sequence, Math.min(workBefore, work));
    const cost = costs.get(shard.package) ?? unitCost;
    costs.set(shard.package, cost);
    if (voided || sequence < epoch.opened.from) continue;
    if (unitCost !== cost) {
      const text = `shard ${sequence} says that a unit of package ${shard.package} costs ${unitCost} µs; the log began with ${cost}: its device is counted by another measure`;
      fault('standing', text);
    }
    if (workBefore <= work) continue;
    const text = `shard ${sequence} says that ${workBefore} µs of work lie behind device ${device}; the log has ${work}: fewer of its units were checked than should have been`;
    fault('standing', text);
  }
  return trusted;
}

/** When each device failed a check that was confirmed. */
function findFailures({ verdicts }: Evidence, verify: Verify): Map<PublicKey, number[]> {
  const failures = new Map<PublicKey, number[]>();
  for (const { verdict, signature } of verdicts) {
    const { verifier: key, device, kind, runs, at } = verdict;
    if (kind !== 'mismatch' || runs < RUNS_TO_CONFIRM) continue;
    if (!verify({ key, context: 'verdict', record: verdict, signature })) continue;
    failures.set(device, [...(failures.get(device) ?? []), at]);
  }
  return failures;
}
