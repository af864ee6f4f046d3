import * as v from 'valibot';
import { Calibrated, type Comparator, NearestDecoy } from '../models/package.ts';
import { TensorName, type TensorSpec } from '../tensors/tensor.ts';
import type { Provider } from '../values/provider.ts';
import { COMPARATOR_DEFAULT, countSteps, type OutputDistance, toDistance } from './comparison.ts';

/** Names the rule below; thresholds that another rule would give take a new number. */
export const THRESHOLD_VERSION = 'pocketgrid/thresholds@1';

/** Least distance of a decoy, in thresholds. Source: reference/verification.md §3.5. */
const SEPARATION = 3n;
/**
 * Noise that an honest GPU may have, of those nobody here could measure: 1e-5 is the ratio that the
 * runtime's own tests allow between WebGPU and a CPU, and a single value may be ten times as far
 * off.
 */
const UNMEASURED_NOISE = { l2: 1e-5, max: 1e-4 } as const;
/**
 * The largest distances of honest units on a GPU, as `npm run bench -- tolerance` measured them on
 * Chromium's SwiftShader: 33,000 units of digits, 54 of minilm, 128 of mobilenet.
 */
export const GPU_NOISE = [
  { model: 'digits', l2: 1.5e-6, max: 3.5e-6 },
  { model: 'minilm', l2: 3.4e-7, max: 1.5e-6 },
  { model: 'mobilenet', l2: 1.1e-6, max: 4.4e-6 },
] as const;
/** Thresholds lie at least so many times above the largest noise that was measured. */
const NOISE_MARGIN = 4;

type Measure = 'l2' | 'max';

const floorOf = (measure: Measure): number =>
  Math.max(UNMEASURED_NOISE[measure], ...GPU_NOISE.map((row) => NOISE_MARGIN * row[measure]));

/** No threshold of a GPU lies under this. */
export const NOISE_FLOOR = { l2: floorOf('l2'), max: floorOf('max') } as const;

/** By output, of those that a decoy changed. */
export const Nearest = v.strictObject({ output: TensorName, ...NearestDecoy.entries });
export type Nearest = v.InferOutput<typeof Nearest>;

/** Which decoys were run on which units of a job's inputs, and how near they came. */
export const DecoyFindings = v.strictObject({
  names: Calibrated.entries.decoys,
  units: Calibrated.entries.units,
  nearest: v.pipe(v.array(Nearest), v.maxLength(16)),
});
export type DecoyFindings = v.InferOutput<typeof DecoyFindings>;
/** Of a model that no decoy could be made of. */
export const NO_DECOYS: DecoyFindings = { names: [], units: [], nearest: [] };

/** One unit of a decoy, against the exact lane of the model it stands in for. */
export interface DecoySample {
  decoy: string;
  distances: readonly OutputDistance[];
}

/** For each output that a decoy changed in some unit, how near the nearest came. */
export function findNearest(samples: readonly DecoySample[]): Nearest[] {
  const found = new Map<string, Nearest>();
  for (const { decoy, distances } of samples) {
    for (const { output, l2, max } of distances.filter(isChanged)) {
      const known = found.get(output) ?? { output, decoy, l2, max };
      const nearer = l2 < known.l2 ? { decoy, l2 } : { decoy: known.decoy, l2: known.l2 };
      found.set(output, { output, ...nearer, max: Math.min(known.max, max) });
    }
  }
  return [...found.values()];
}

const isChanged = ({ l2, max }: OutputDistance): boolean => l2 > 0 || max > 0;

/**
 * Thresholds of a package: a third of the nearest decoy's distance, at most what is usual, at least
 * the noise of honest GPUs. In whole steps, so that anyone comes to the same ones. GPUs may run it
 * where each output that a decoy changes tells it from the noise, by one measure at least; where no
 * decoy changed anything, nothing is known of what a cheat would look like.
 */
export function fitThresholds(
  outputs: readonly TensorSpec[],
  nearest: readonly Nearest[],
): { comparators: Comparator[]; providers: Provider[] } {
  const comparators = outputs.map(({ name }): Comparator => {
    const near = nearest.find(({ output }) => output === name);
    if (near === undefined) return { output: name, ...COMPARATOR_DEFAULT };
    const { decoy, l2, max } = near;
    const limits = { l2: fitThreshold('l2', l2), max: fitThreshold('max', max) };
    return { output: name, ...limits, nearest: { decoy, l2, max } };
  });
  const separates = nearest.length > 0 && nearest.every(isSeparate);
  return { comparators, providers: separates ? ['wasm', 'webgpu', 'webnn'] : ['wasm'] };
}

function fitThreshold(measure: Measure, nearest: number): number {
  if (!clears(measure, nearest)) return NOISE_FLOOR[measure];
  const third = toDistance(countSteps(nearest) / SEPARATION);
  return Math.min(COMPARATOR_DEFAULT[measure], third);
}

const isSeparate = (near: Nearest): boolean => clears('l2', near.l2) || clears('max', near.max);

const clears = (measure: Measure, nearest: number): boolean =>
  countSteps(nearest) / SEPARATION >= countSteps(NOISE_FLOOR[measure]);
