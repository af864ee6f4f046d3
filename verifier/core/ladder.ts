import {
  BEYOND,
  COMPARATOR_VERSION,
  compareUnits,
  type Distance,
  SAME,
} from '#protocol/comparison.ts';
import type { Digest, LeaseId } from '#protocol/ids.ts';
import type { PackageManifest, Provider } from '#protocol/package.ts';
import type { Verdict, VerdictKind } from '#protocol/records.ts';
import type { Reference } from './events.ts';

/** What is known so far about one drawn unit. */
export interface Evidence {
  provider: Provider;
  manifest: PackageManifest;
  claimed: Digest;
  /** What the unit comes to, where it was executed ahead. */
  known?: Digest;
  /** Outputs of our own re-executions; the second from a fresh compute worker. */
  references: readonly Reference[];
  /** The bytes behind `claimed`, once fetched. */
  claim?: Reference | 'unavailable';
  /** What a second device of the class made of the unit; none: there is no such device now. */
  second?: (Reference & { lease: LeaseId }) | 'none';
  /** Re-execution was given up. */
  gaveUp: boolean;
}

export type LadderStep =
  | { do: 'execute'; fresh: boolean }
  | { do: 'claim' }
  /** Have a second device of the class compute the unit, and fetch what it made. */
  | { do: 'second' }
  | { do: 'decide'; finding: Finding };
type Decision = Extract<LadderStep, { do: 'decide' }>;
export type Finding = Pick<
  Verdict,
  'kind' | 'lane' | 'reference' | 'l2' | 'max' | 'comparator' | 'second' | 'runs'
> & {
  /** On the tolerance lane, of a match: how much of its thresholds it used up. */
  usedPpm?: number;
};

/** Named as the reference of a unit that could not be re-executed at all. */
export const NO_REFERENCE = '0'.repeat(64) as Digest;

/** The exact lane agrees bit for bit only with itself: a GPU result is judged by tolerance. */
export const laneOf = (provider: Provider): Verdict['lane'] =>
  provider === 'wasm' ? 'exact' : 'tolerance';

/**
 * The verdict ladder. Equal digests: match, without a run where the answer is known. On the tolerance lane the claimed bytes are fetched and
 * within the comparators: match. Otherwise the unit is run again in a fresh compute worker; if our
 * own two runs differ, nothing can be said. Only then is it a mismatch on the exact lane.
 *
 * On the tolerance lane GPUs are honestly wrong at times, and some units are beyond all of a kind:
 *
 * | our two runs | the claim | a second device of the class | verdict |
 * | --- | --- | --- | --- |
 * | differ | beyond | | inconclusive |
 * | agree | as far off as a decoy | | mismatch |
 * | agree | beyond | none | device-unfit |
 * | agree | beyond | within | device-unfit |
 * | agree | beyond | beyond, agrees with the claim | inconclusive: nobody's fault |
 * | agree | beyond | beyond, and differs from it | device-unfit |
 */
export function climb(evidence: Evidence): LadderStep {
  const { provider, claimed, known, references, claim, gaveUp } = evidence;
  const lane = laneOf(provider);
  const [first, second] = references;
  const runs = references.length;
  const decide = (kind: VerdictKind, distance: Distance): Decision => {
    const { l2, max, usedPpm } = distance;
    const found = { kind, lane, reference: first?.digest ?? NO_REFERENCE, l2, max, runs };
    if (lane === 'exact') return { do: 'decide', finding: found };
    const used = kind === 'match' ? { usedPpm } : {};
    return { do: 'decide', finding: { ...found, comparator: COMPARATOR_VERSION, ...used } };
  };
  if (first?.digest === claimed) return decide('match', SAME);
  if (lane === 'exact' && known === claimed) {
    const { l2, max } = SAME;
    return { do: 'decide', finding: { kind: 'match', lane, reference: known, l2, max, runs: 1 } };
  }
  if (gaveUp) return decide('inconclusive', measure(evidence, first));
  if (first === undefined) return { do: 'execute', fresh: false };
  if (lane === 'tolerance') {
    if (claim === undefined) return { do: 'claim' };
    const distance = measure(evidence, first);
    if (distance.within) return decide('match', distance);
  }
  if (second === undefined) return { do: 'execute', fresh: true };
  if (second.digest !== first.digest) return decide('inconclusive', measure(evidence, first));
  if (claim === undefined) return { do: 'claim' };
  const distance = measure(evidence, first);
  if (lane === 'exact') return decide('mismatch', distance);
  if (claim === 'unavailable') return decide('inconclusive', distance);
  if (distance.asDecoy) return decide('mismatch', distance);
  const { manifest, second: other } = evidence;
  if (other === undefined) return { do: 'second' };
  if (other === 'none') return decide('device-unfit', distance);
  const far = compareUnits(other.bytes, first.bytes, manifest);
  const { within: agrees } = compareUnits(claim.bytes, other.bytes, manifest);
  const step = decide(agrees && !far.within ? 'inconclusive' : 'device-unfit', distance);
  const { lease, digest } = other;
  const said = { lease, digest, l2: far.l2, max: far.max, isRight: far.within, agrees };
  return { ...step, finding: { ...step.finding, second: said } };
}

function measure(evidence: Evidence, reference: Reference | undefined): Distance {
  const { claim, manifest } = evidence;
  if (reference === undefined || claim === undefined || claim === 'unavailable') return BEYOND;
  return compareUnits(claim.bytes, reference.bytes, manifest);
}
