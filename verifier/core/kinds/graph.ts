import {
  BEYOND,
  COMPARATOR_VERSION,
  compareUnits,
  type Distance,
  SAME,
} from '#protocol/checks/comparison.ts';
import { projectTaps, readTaps } from '#protocol/checks/fingerprint.ts';
import { checkFingerprint, type FingerprintCheck } from '#protocol/checks/fingerprint-check.ts';
import { NO_REFERENCE, type Verdict, type VerdictKind } from '#protocol/records/records.ts';
import type { Provider } from '#protocol/values/provider.ts';
import type { Reference } from '../state/events.ts';
import { checkPreparation } from './graph-preparation.ts';
import type { Evidence, Finding, Kind, LadderStep } from './kind.ts';

type Decision = Extract<LadderStep, { do: 'decide' }>;

/** A unit is run again: bit for bit where that can be, else by tolerance. */
export const graph: Kind = { judge, checkPreparation };

/** The exact lane agrees bit for bit only with itself: a GPU result is judged by tolerance. */
export const laneOf = (provider: Provider): Verdict['lane'] =>
  provider === 'wasm' ? 'exact' : 'tolerance';

/**
 * The verdict ladder. Equal digests: match. On the tolerance lane the claimed bytes are fetched and
 * within the comparators: match. Where the package has taps the fingerprint has to hold as well:
 * right outputs with a wrong inside were not computed but copied or made up. Otherwise the unit is
 * run again in a fresh compute worker; if our own two runs differ, nothing can be said. Only then
 * is it a mismatch on the exact lane.
 *
 * On the tolerance lane GPUs are honestly wrong at times, and some units are beyond all of a kind.
 * One such unit says nothing about its device; `deviations.ts` counts them:
 *
 * | our two runs | the claim | verdict |
 * | --- | --- | --- |
 * | differ | beyond | inconclusive |
 * | agree | within, its inside beyond | device-unfit |
 * | agree | as far off as a decoy | mismatch |
 * | agree | beyond | inconclusive, `deviates`; device-unfit where it is one too many |
 */
function judge(evidence: Evidence): LadderStep {
  const { manifest, provider, claimed, references, claim, print, gaveUp } = evidence;
  const lane = laneOf(provider);
  const [first, second] = references;
  const runs = references.length;
  const inside = checkInside(evidence, first);
  const decide = (kind: VerdictKind, distance: Distance): Decision => {
    const { l2, max } = distance;
    const reference = first?.digest ?? NO_REFERENCE;
    const prints = inside === undefined ? {} : { fingerprint: inside };
    const found = { kind, lane, reference, l2, max, ...prints, runs };
    if (lane === 'exact') return { do: 'decide', finding: found };
    return { do: 'decide', finding: { ...found, comparator: COMPARATOR_VERSION } };
  };
  const tapped = manifest.runtime.taps.length > 0;
  const isSame = first?.digest === claimed;
  const isRightInside = !tapped || (inside !== undefined && inside.deviates === undefined);
  if (isSame && isRightInside) return decide('match', SAME);
  if (gaveUp) return decide('inconclusive', measure(evidence, first));
  if (first === undefined) return { do: 'execute', fresh: false };
  if (tapped && print === undefined) return { do: 'fingerprint' };
  if (lane === 'tolerance' && !isSame && claim === undefined) return { do: 'claim' };
  const distance = measure(evidence, first);
  const isNear = isSame || (lane === 'tolerance' && distance.within);
  if (isNear && isRightInside) return decide('match', distance);
  if (isNear && inside === undefined) return decide('inconclusive', distance);
  if (second === undefined) return { do: 'execute', fresh: true };
  if (!isSameRun(first, second)) return decide('inconclusive', distance);
  if (!isSame && claim === undefined) return { do: 'claim' };
  if (lane === 'exact') return decide('mismatch', distance);
  const because = (reason: Finding['reason'], { finding }: Decision): Decision => ({
    do: 'decide',
    finding: { ...finding, reason },
  });
  if (isNear) return because('inside', decide('device-unfit', distance));
  if (claim === undefined || claim === 'unavailable') return decide('inconclusive', distance);
  if (distance.asDecoy) return decide('mismatch', distance);
  return because('deviates', decide('inconclusive', distance));
}

function measure(evidence: Evidence, reference: Reference | undefined): Distance {
  const { claim, claimed, manifest } = evidence;
  if (reference?.digest === claimed) return SAME;
  if (reference === undefined || claim === undefined || claim === 'unavailable') return BEYOND;
  return compareUnits(claim.bytes, reference.bytes, manifest.runtime);
}

/** What the device revealed of the inside of the unit against what our run found there. */
function checkInside(
  { manifest, print, provider }: Evidence,
  reference: Reference | undefined,
): FingerprintCheck | undefined {
  if (print === undefined || print === 'unavailable' || reference?.taps === undefined) {
    return undefined;
  }
  const { taps } = manifest.runtime;
  const scales = taps.map(({ scale }) => scale);
  const right = projectTaps(readTaps(taps, reference.taps), print.seed, scales);
  return checkFingerprint(print.bytes, right, laneOf(provider));
}

const NO_TAPS = new Uint8Array(0);

function isSameRun(first: Reference, second: Reference): boolean {
  const [a, b] = [first.taps ?? NO_TAPS, second.taps ?? NO_TAPS];
  const isSameInside = a.length === b.length && a.every((byte, at) => byte === b[at]);
  return first.digest === second.digest && isSameInside;
}
