import type { Random } from './random.ts';

/** Uniform weights of mean 0 and the given deviation: quick to make by the million. */
export function drawWeights(random: Random, count: number, deviation: number): Float32Array {
  const reach = Math.sqrt(3) * deviation;
  const values = new Float32Array(count);
  for (let index = 0; index < count; index++) values[index] = (2 * random.uniform() - 1) * reach;
  return values;
}
