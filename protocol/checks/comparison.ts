import type { Comparator } from '../models/package.ts';
import { readNumber } from '../tensors/element.ts';
import { DTYPE_BYTES, type Dtype, specBytes, type TensorSpec } from '../tensors/tensor.ts';

/**
 * Names everything below that decides: the measures, the order of their sums, the steps and the
 * rule. Any change that could turn one verdict into another takes a new number.
 */
export const COMPARATOR_VERSION = 'pocketgrid/comparator@2';

/** How far a claimed unit is from the reference: the largest of each measure over the outputs. */
export interface Distance {
  /** ‖a−b‖₂ / ‖b‖₂ */
  l2: number;
  /** max|a−b| / RMS(b) */
  max: number;
  /** Whether every output lies within its comparator. */
  within: boolean;
  /** Whether an output is as far off as the nearest decoy, by both measures, like a cheat's. */
  asDecoy: boolean;
}

/** The distances of one output. */
export interface OutputDistance {
  output: string;
  l2: number;
  max: number;
}

type Limits = Pick<OutputDistance, 'l2' | 'max'>;

/** Outputs of a unit, and the thresholds they are judged by; a package manifest is one. */
export interface ComparisonRule {
  outputs: readonly TensorSpec[];
  comparators: readonly Comparator[];
}

/** Stands for "beyond measure": another length, NaN or infinity where the reference has none. JSON
 * has no infinity, and a verdict must be written as JSON. */
export const DISTANCE_MAX = 1e9;
/** For an output the package names no comparator for. Source: reference/verification.md §3.4. */
export const COMPARATOR_DEFAULT = { l2: 1e-4, max: 1e-2 } as const;
/** Outputs that cannot be compared: further off than anything. */
export const BEYOND: Distance = {
  l2: DISTANCE_MAX,
  max: DISTANCE_MAX,
  within: false,
  asDecoy: false,
};
/** Outputs with equal bytes. */
export const SAME: Distance = { l2: 0, max: 0, within: true, asDecoy: false };

/** 2^40: distances and thresholds are compared in whole numbers of 2^-40, about 9e-13. */
const STEPS = 1_099_511_627_776;

/** Beyond measure too: overflow, and NaN from infinity over infinity. */
const cap = (distance: number): number =>
  Number.isFinite(distance) ? Math.min(distance, DISTANCE_MAX) : DISTANCE_MAX;

/** A distance or threshold in steps of 2^-40, rounded down. A power of two only moves the exponent,
 * so nothing is rounded before the floor. */
export const countSteps = (distance: number): bigint => BigInt(Math.floor(cap(distance) * STEPS));

/** A number of steps as a distance; exact below 2^53 steps, about 8,192. */
export const toDistance = (steps: bigint): number => Number(steps) / STEPS;

const BEYOND_STEPS = countSteps(DISTANCE_MAX);

/** Whether distances lie within thresholds, decided in whole numbers; beyond measure never does. */
export const isWithin = (distance: Limits, limit: Limits): boolean =>
  staysUnder(distance.l2, limit.l2) && staysUnder(distance.max, limit.max);

function staysUnder(distance: number, limit: number): boolean {
  const steps = countSteps(distance);
  return steps < BEYOND_STEPS && steps <= countSteps(limit);
}

/** Whether an output is as far off as the nearest decoy was. Where none is known, nothing is. */
const isAsDecoy = (distance: Limits, nearest: Limits | undefined): boolean =>
  nearest !== undefined &&
  countSteps(distance.l2) >= countSteps(nearest.l2) &&
  countSteps(distance.max) >= countSteps(nearest.max);

/** The thresholds of an output: the package's own, else the default. */
export const limitsOf = (
  output: string,
  comparators: readonly Comparator[],
): Omit<Comparator, 'output'> =>
  comparators.find((comparator) => comparator.output === output) ?? COMPARATOR_DEFAULT;

/** Compares the bytes of one unit, output by output. The reference has the manifest's shapes. */
export function compareUnits(
  claimed: Uint8Array,
  reference: Uint8Array,
  rule: ComparisonRule,
): Distance {
  const measured = measureUnits(claimed, reference, rule.outputs);
  if (measured === undefined) return BEYOND;
  const total = { ...SAME };
  for (const one of measured) {
    const limits = limitsOf(one.output, rule.comparators);
    total.l2 = Math.max(total.l2, one.l2);
    total.max = Math.max(total.max, one.max);
    total.within &&= isWithin(one, limits);
    total.asDecoy ||= isAsDecoy(one, limits.nearest);
  }
  return total;
}

/** The distances of each output of one unit; undefined where a length is not the outputs'. */
export function measureUnits(
  claimed: Uint8Array,
  reference: Uint8Array,
  outputs: readonly TensorSpec[],
): OutputDistance[] | undefined {
  const measured: OutputDistance[] = [];
  if (claimed.length !== reference.length) return undefined;
  let offset = 0;
  for (const spec of outputs) {
    const end = offset + specBytes(spec);
    if (end > reference.length) return undefined;
    const [a, b] = [claimed.subarray(offset, end), reference.subarray(offset, end)];
    measured.push({ output: spec.name, ...compareTensors(a, b, spec.dtype) });
    offset = end;
  }
  return offset === reference.length ? measured : undefined;
}

/**
 * Relative distances of two tensors of one dtype, in float64. Everything is divided by max|b|
 * first, so that squares neither overflow nor vanish. A reference of zeros has no scale of its own
 * and is judged on the absolute scale 1. NaN agrees only with NaN, an infinity only with itself.
 *
 * The operations are +, −, ×, ÷ and one square root, each rounded as IEEE 754 says, from the first
 * element to the last: any engine comes to the same bits. Powers and other functions of `Math` may
 * differ between engines and have no place here.
 */
export function compareTensors(
  claimed: Uint8Array,
  reference: Uint8Array,
  dtype: Dtype,
): { l2: number; max: number } {
  const a = openReader(claimed, dtype);
  const b = openReader(reference, dtype);
  const count = reference.length / DTYPE_BYTES[dtype];
  if (claimed.length !== reference.length) return { l2: DISTANCE_MAX, max: DISTANCE_MAX };
  let scale = 0;
  for (let place = 0; place < count; place += 1) {
    const magnitude = Math.abs(b(place));
    if (magnitude > scale && magnitude !== Infinity) scale = magnitude;
  }
  const zero = scale === 0;
  if (zero) scale = 1;
  let differences = 0;
  let squares = 0;
  let largest = 0;
  for (let place = 0; place < count; place += 1) {
    const claim = a(place);
    const truth = b(place);
    const scaled = truth / scale;
    if (claim === truth || (Number.isNaN(claim) && Number.isNaN(truth))) {
      if (Number.isFinite(truth)) squares += scaled * scaled;
      continue;
    }
    if (!Number.isFinite(claim) || !Number.isFinite(truth)) {
      return { l2: DISTANCE_MAX, max: DISTANCE_MAX };
    }
    const difference = claim / scale - scaled;
    differences += difference * difference;
    squares += scaled * scaled;
    largest = Math.max(largest, Math.abs(difference));
  }
  if (differences === 0 && largest === 0) return { l2: 0, max: 0 };
  const norm = zero ? Math.sqrt(count) : Math.sqrt(squares);
  const rms = zero ? 1 : Math.sqrt(squares / count);
  return { l2: cap(Math.sqrt(differences) / norm), max: cap(largest / rms) };
}

function openReader(bytes: Uint8Array, dtype: Dtype): (place: number) => number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return (place) => Number(readNumber(dtype, view, place));
}
