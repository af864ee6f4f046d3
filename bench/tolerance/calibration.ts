import {
  type ComparisonRule,
  isWithin,
  limitsOf,
  type OutputDistance,
} from '#protocol/checks/comparison.ts';
import type { DecoySample } from '#protocol/checks/thresholds.ts';
import type { Comparator } from '#protocol/models/package.ts';

/** One unit that an honest device of the class computed, against the exact lane. */
export interface HonestSample {
  device: string;
  /** Whether the device is a verifier's own or attested; of others, nothing is ever fitted. */
  verified: boolean;
  distances: readonly OutputDistance[];
}

export interface CalibrationRules {
  /**
   * Which of a device's honest distances the threshold starts from, and what it is multiplied by.
   */
  quantile: number;
  margin: number;
  /** Least distance of any unit of any decoy, in thresholds. */
  separationMin: number;
  /** Least share of each decoy's units that one check finds. */
  powerMin: number;
  /** Verified samples and devices below which nothing is concluded. */
  samplesMin: number;
  devicesMin: number;
  /** One in so many samples of each device is fitted; the others are held out. */
  fitOneIn: number;
}

/** reference/verification.md §3.5. */
export const CALIBRATION_RULES: CalibrationRules = {
  quantile: 0.9999,
  margin: 1.5,
  separationMin: 3,
  powerMin: 0.999,
  samplesMin: 1_000,
  devicesMin: 5,
  fitOneIn: 2,
};

/** What one decoy came to against the thresholds. */
export interface DecoyPower {
  decoy: string;
  /** Units that came out differently; of the others the short cut made no wrong result. */
  units: number;
  unchanged: number;
  /** Share of its units beyond the thresholds: d of one check. */
  power: number;
  /** Lower bound of the power at 95 % confidence. */
  powerLeast: number;
  /** Distance of its nearest unit, in thresholds. */
  separation: number;
}

export interface Calibration {
  comparators: Comparator[];
  /** Absent where the class may be judged by these comparators. */
  refused?: string;
  /** Hardest first: by power, then by separation. */
  decoys: DecoyPower[];
  /** Honest units kept back from the fit, how many of them were beyond, and at most what share of
   * all would be, at 95 % confidence. */
  heldOut: number;
  falseAlarms: number;
  falseAlarmMost: number;
}

/**
 * Thresholds of one class, fitted to some of the verified samples, every second one of each device,
 * and judged on the others and on decoys. A class whose decoys do not separate is refused: it
 * has the exact lane alone.
 */
export function calibrate(
  outputs: ComparisonRule['outputs'],
  samples: { honest: readonly HonestSample[]; decoys: readonly DecoySample[] },
  rules: CalibrationRules = CALIBRATION_RULES,
): Calibration {
  const devices = groupBy(
    samples.honest.filter(({ verified }) => verified),
    ({ device }) => device,
  );
  const isFitted = (place: number) => place % rules.fitOneIn === 0;
  const fitted = devices.map(([, list]) => list.filter((_, place) => isFitted(place)));
  const heldOut = devices.flatMap(([, list]) => list.filter((_, place) => !isFitted(place)));
  const comparators = outputs.map(({ name }) => fitComparator(name, fitted, rules));
  const alarms = heldOut.filter(({ distances }) => !areWithin(distances, comparators)).length;
  const decoys = weighDecoys(samples.decoys, comparators);
  const verified = devices.reduce((sum, [, list]) => sum + list.length, 0);
  const reason = shortage(verified, devices.length, rules) ?? inseparable(decoys, rules);
  return {
    comparators,
    ...(reason === undefined ? {} : { refused: reason }),
    decoys,
    heldOut: heldOut.length,
    falseAlarms: alarms,
    falseAlarmMost: boundShare(alarms, heldOut.length),
  };
}

/** The widest device decides: max over devices of its own quantile, times the margin. */
function fitComparator(
  output: string,
  devices: readonly (readonly HonestSample[])[],
  { quantile, margin }: CalibrationRules,
): Comparator {
  const widest = (measure: 'l2' | 'max'): number =>
    devices.reduce((most, samples) => {
      const values = samples.flatMap(({ distances }) =>
        distances.filter((each) => each.output === output).map((each) => each[measure]),
      );
      return Math.max(most, quantileOf(values, quantile));
    }, 0);
  return { output, l2: widest('l2') * margin, max: widest('max') * margin };
}

/** The value with at least this share of all at or under it: of fewer than 10,000, the largest. */
function quantileOf(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}

const areWithin = (
  distances: readonly OutputDistance[],
  comparators: readonly Comparator[],
): boolean => distances.every((each) => isWithin(each, limitsOf(each.output, comparators)));

/**
 * What each decoy comes to against the comparators, hardest first: by power, then by separation.
 * One that changed no unit at all is left out.
 */
export function weighDecoys(
  samples: readonly DecoySample[],
  comparators: readonly Comparator[],
): DecoyPower[] {
  return groupBy(samples, ({ decoy }) => decoy)
    .map(([decoy, list]) => weighDecoy(decoy, list, comparators))
    .filter(({ units }) => units > 0)
    .sort((a, b) => a.power - b.power || a.separation - b.separation);
}

const isChanged = ({ distances }: DecoySample): boolean =>
  distances.some(({ l2, max }) => l2 > 0 || max > 0);

function weighDecoy(
  decoy: string,
  samples: readonly DecoySample[],
  comparators: readonly Comparator[],
): DecoyPower {
  const changed = samples.filter(isChanged);
  const passed = changed.filter(({ distances }) => areWithin(distances, comparators)).length;
  const separations = changed.map(({ distances }) => separationOf(distances, comparators));
  return {
    decoy,
    units: changed.length,
    unchanged: samples.length - changed.length,
    power: 1 - passed / Math.max(1, changed.length),
    powerLeast: 1 - boundShare(passed, changed.length),
    separation: separations.reduce((least, each) => Math.min(least, each), Infinity),
  };
}

/**
 * A class without noise has thresholds of zero; distances are then told in steps of the comparator.
 */
const STEP = 2 ** -40;

function separationOf(
  distances: readonly OutputDistance[],
  comparators: readonly Comparator[],
): number {
  return distances.reduce((most, each) => {
    const limit = limitsOf(each.output, comparators);
    const ratio = Math.max(
      each.l2 / Math.max(limit.l2, STEP),
      each.max / Math.max(limit.max, STEP),
    );
    return Math.max(most, ratio);
  }, 0);
}

function shortage(samples: number, devices: number, rules: CalibrationRules): string | undefined {
  if (samples >= rules.samplesMin && devices >= rules.devicesMin) return undefined;
  const needed = `${rules.samplesMin} units of ${rules.devicesMin} verified devices`;
  return `${samples} units of ${devices} verified devices are too few: measure ${needed}`;
}

function inseparable(decoys: readonly DecoyPower[], rules: CalibrationRules): string | undefined {
  if (decoys.length === 0) return 'it has no decoys: what no cheat was tried on cannot be trusted';
  const failing = decoys.find(
    ({ power, separation }) => power < rules.powerMin || separation < rules.separationMin,
  );
  if (failing === undefined) return undefined;
  const { decoy, power, separation } = failing;
  const found = `${(power * 100).toPrecision(4)} % of the units of ${decoy} are found`;
  return `${found}, the nearest ${separation.toPrecision(3)} thresholds away: use the exact lane`;
}

const CONFIDENCE_REST = 0.05;

/**
 * The largest share p for which `hits` or fewer of `trials` still come with a probability of 5 %:
 * the one-sided upper bound of Clopper and Pearson (1934). 1 where nothing was tried.
 */
export function boundShare(hits: number, trials: number): number {
  if (hits >= trials) return 1;
  let [low, high] = [hits / trials, 1];
  for (let turn = 0; turn < 60; turn += 1) {
    const middle = (low + high) / 2;
    if (binomialTail(hits, trials, middle) > CONFIDENCE_REST) low = middle;
    else high = middle;
  }
  return high;
}

/** P(X ≤ hits) of a binomial, summed in logarithms so that no term vanishes. */
function binomialTail(hits: number, trials: number, share: number): number {
  const odds = Math.log(share) - Math.log1p(-share);
  let term = trials * Math.log1p(-share);
  let sum = Math.exp(term);
  for (let count = 1; count <= hits; count += 1) {
    term += Math.log((trials - count + 1) / count) + odds;
    sum += Math.exp(term);
  }
  return sum;
}

function groupBy<T>(list: readonly T[], keyOf: (each: T) => string): [string, T[]][] {
  const groups = new Map<string, T[]>();
  for (const each of list) {
    const group = groups.get(keyOf(each));
    if (group === undefined) groups.set(keyOf(each), [each]);
    else group.push(each);
  }
  return [...groups];
}
