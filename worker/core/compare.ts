import type { Comparator } from '#protocol/package.ts';
import { specBytes, type TensorSpec } from '#protocol/tensor.ts';

/** Distances of one output from its reference, as in `Comparator`. */
export interface Distance {
  l2: number;
  max: number;
}

/**
 * The largest distances over all f32 and f64 outputs of one unit; outputs of other dtypes must be
 * equal, else the distance is infinite. A NaN on one side only is infinitely far.
 */
export function measureUnit(
  specs: readonly TensorSpec[],
  given: Uint8Array,
  reference: Uint8Array,
): Map<string, Distance> {
  const distances = new Map<string, Distance>();
  let offset = 0;
  for (const spec of specs) {
    const end = offset + specBytes(spec);
    const [a, b] = [given.slice(offset, end), reference.slice(offset, end)];
    distances.set(spec.name, measureOutput(spec, a, b));
    offset = end;
  }
  return distances;
}

function measureOutput(spec: TensorSpec, given: Uint8Array, reference: Uint8Array): Distance {
  if (spec.dtype !== 'f32' && spec.dtype !== 'f64') {
    const equal = given.every((byte, at) => byte === reference[at]);
    return equal ? { l2: 0, max: 0 } : { l2: Infinity, max: Infinity };
  }
  const Floats = spec.dtype === 'f32' ? Float32Array : Float64Array;
  const [a, b] = [new Floats(given.slice().buffer), new Floats(reference.slice().buffer)];
  let [error, norm, max] = [0, 0, 0];
  for (let at = 0; at < b.length; at += 1) {
    const [x, y] = [a[at] ?? 0, b[at] ?? 0];
    if (Object.is(x, y) || (Number.isNaN(x) && Number.isNaN(y))) {
      if (Number.isFinite(y)) norm += y * y;
      continue;
    }
    const difference = Math.abs(x - y);
    if (!Number.isFinite(difference)) return { l2: Infinity, max: Infinity };
    error += difference * difference;
    norm += y * y;
    max = Math.max(max, difference);
  }
  if (error === 0) return { l2: 0, max: 0 };
  return { l2: Math.sqrt(error / norm), max: max / Math.sqrt(norm / b.length) };
}

export function isWithin(
  comparators: readonly Comparator[],
  distances: ReadonlyMap<string, Distance>,
): boolean {
  return [...distances].every(([output, { l2, max }]) => {
    const rule = comparators.find((comparator) => comparator.output === output);
    return rule === undefined ? l2 === 0 : l2 <= rule.l2 && max <= rule.max;
  });
}
