import { standingName } from '#protocol/checks/check-policy.ts';
import { RUNS_TO_CONFIRM } from '#protocol/records/records.ts';
import type { PublicKey } from '#protocol/values/ids.ts';
import type { Evidence, FaultCode, RevealedEpoch, Verify } from './evidence.ts';

/**
 * Counts the units behind each device and package again, from the first shard on and from nothing
 * after each confirmed failure, and gives for each sequence what it may be trusted for: the hub's
 * word, never more than the count. A hub that says more lends trust. A device that was caught has
 * shards under way; those are void, and not held to the count.
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
  const counts = new Map<string, { units: number; failures: number }>();
  const trusted = new Map<number, number>();
  for (const { shard, voided } of evidence.shards) {
    const { sequence, device, standing, unitCount } = shard;
    if (sequence > epoch.revealed.through) break;
    const name = standingName(device, shard.package);
    const failed = (failures.get(device) ?? []).filter((at) => at < shard.at).length;
    const known = counts.get(name);
    const units = known === undefined || known.failures < failed ? 0 : known.units;
    counts.set(name, { units: units + unitCount, failures: failed });
    trusted.set(sequence, Math.min(standing, units));
    if (voided || standing <= units || sequence < epoch.opened.from) continue;
    const text = `shard ${sequence} says that ${standing} units lie behind device ${device}; the log has ${units}: fewer of them were checked than should have been`;
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
