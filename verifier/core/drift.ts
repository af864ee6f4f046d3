import { standingName } from '#protocol/check-policy.ts';
import { addDrift, DRIFT_VERSION, isAlarm } from '#protocol/drift.ts';
import type { Digest, PublicKey } from '#protocol/ids.ts';
import type { Drift, Verdict } from '#protocol/records.ts';

/** Sums above 0 that are kept; past it the one that stands longest is forgotten. */
const SUMS_MAX = 65_536;

/** Of one verifier and hub, by `standingName`: what is not listed stands at 0. */
export type Drifts = Map<string, number>;

/**
 * The drift of a device and package after one more unit within tolerance. Like the state it comes from,
 * it is nothing but a function of the verdicts before it.
 */
export function driftAfter(
  drifts: Drifts,
  check: { device: PublicKey; package: Digest; usedPpm: number },
): Drift {
  const { device, package: id, usedPpm } = check;
  const sum = addDrift(drifts.get(standingName(device, id)) ?? 0, usedPpm);
  return { rule: DRIFT_VERSION, package: id, usedPpm, sum };
}

/** Takes note of a verdict, in the order of the log. */
export function noteDrift(drifts: Drifts, { device, drift }: Verdict): void {
  if (drift?.rule !== DRIFT_VERSION) return;
  const name = standingName(device, drift.package);
  drifts.delete(name);
  if (drift.sum === 0 || isAlarm(drift.sum)) return;
  drifts.set(name, drift.sum);
  const oldest = drifts.size > SUMS_MAX ? drifts.keys().next().value : undefined;
  if (oldest !== undefined) drifts.delete(oldest);
}
