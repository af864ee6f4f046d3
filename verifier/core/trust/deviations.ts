import type { CheckNumber, Verdict } from '#protocol/records/records.ts';
import type { PublicKey } from '#protocol/values/ids.ts';
import type { CheckCount } from '../state/events.ts';
import type { CheckCounts } from '../state/verifier.ts';

/**
 * A GPU is honestly wrong at times: it deviates when a unit is beyond tolerance, and nearer than
 * any decoy. A device is unfit for a package on a provider by the third such unit in its last 100
 * checks. Before that the verdict is inconclusive, and the unit's result stands like that of any
 * inconclusive verdict: a shard is computed again only when its device is found unfit or wrong. So
 * a device may deviate in 2 of 100 units for ever, and in none of them as far as a decoy does.
 *
 * Each verifier counts by its own verdicts. They carry the number of the check, so that anyone with
 * the log counts again (`audit-deviations.ts`).
 */
export const WINDOW = 100;
const DEVIATIONS_MAX = 2;

type Counted = Pick<CheckNumber, 'package' | 'provider'> & { device: PublicKey };

/** Names the count of a device's GPU on a package. */
export const countName = ({ device, package: id, provider }: Counted): string =>
  `${device}/${id}/${provider}`;

/** Whether a unit was beyond tolerance and no mismatch. */
export const deviates = ({ reason }: Pick<Verdict, 'reason'>): boolean => reason === 'deviates';

/** Adds a check to a count. The order in which checks are added makes no difference. */
export function addCheck(
  count: CheckCount | undefined,
  { number, deviates }: { number: number; deviates: boolean },
): CheckCount {
  const last = Math.max(count?.last ?? 0, number);
  const others = (count?.deviating ?? []).filter((other) => other !== number);
  const deviating = deviates ? [...others, number] : others;
  return { last, deviating: deviating.filter((other) => other > last - WINDOW) };
}

/** Whether the last check of a count, whose unit deviates, makes its device unfit. */
export const isUnfit = ({ deviating }: CheckCount): boolean => deviating.length > DEVIATIONS_MAX;

type Found = Pick<Verdict, 'kind' | 'lane' | 'reason'>;

/** Whether a check counts: one of a GPU that found something out. */
export const isCounted = ({ kind, lane, reason }: Found): boolean =>
  lane === 'tolerance' && (kind !== 'inconclusive' || reason !== undefined);

/** Numbers the next check, and decides what a deviating unit makes of its device. */
export function weighCheck(
  counts: CheckCounts,
  found: Found,
  of: Counted,
): Pick<Verdict, 'kind' | 'check'> {
  if (!isCounted(found)) return { kind: found.kind };
  const before = counts.get(countName(of));
  const number = (before?.last ?? 0) + 1;
  const count = addCheck(before, { number, deviates: deviates(found) });
  const unfit = deviates(found) && isUnfit(count);
  const { package: id, provider } = of;
  return { kind: unfit ? 'device-unfit' : found.kind, check: { package: id, provider, number } };
}

/** Takes note of a verdict that is on disk. */
export function noteCheck(counts: CheckCounts, verdict: Verdict): void {
  const { check, device } = verdict;
  if (check === undefined) return;
  const name = countName({ ...check, device });
  const { number } = check;
  counts.set(name, addCheck(counts.get(name), { number, deviates: deviates(verdict) }));
}
