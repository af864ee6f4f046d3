import { openRandom, type Random, shuffle } from '../models/random.ts';
import { PIXELS, SIDE } from './dataset.ts';
import { measureLoss, type Parameter } from './layers.ts';
import { type Network, openNetwork, roundWeights, type Samples, type Widths } from './network.ts';

export interface Recipe {
  seed: number;
  widths: Widths;
  epochs: number;
  batch: number;
  /** Highest learning rate; it falls along a half cosine. */
  rate: number;
  /** Largest shift of a training image, in pixels, each way. */
  shift: number;
}

export const SAMPLE_RECIPE: Omit<Recipe, 'widths'> = {
  seed: 17,
  epochs: 16,
  batch: 32,
  rate: 2e-3,
  shift: 1,
};

/** Trains on the given items. The same recipe and samples always give the same weights. */
export function trainNetwork(
  recipe: Recipe,
  samples: Samples,
  { items, report }: { items: readonly number[]; report?: (epoch: number, loss: number) => void },
): Network {
  const random = openRandom(recipe.seed);
  const network = openNetwork(recipe.widths, random);
  const stepWeights = openAdam(network.parameters);
  const order = [...items];
  const steps = recipe.epochs * Math.ceil(order.length / recipe.batch);
  let step = 0;
  for (let epoch = 0; epoch < recipe.epochs; epoch++) {
    shuffle(order, random);
    let total = 0;
    for (let start = 0; start < order.length; start += recipe.batch) {
      const batch = order.slice(start, start + recipe.batch);
      for (const item of batch) {
        const image = shiftImage(samples.imageOf(item), recipe.shift, random);
        const { loss, gradient } = measureLoss(network.forward(image), samples.labelOf(item));
        network.backward(gradient.map((value) => value / batch.length));
        total += loss;
      }
      stepWeights(recipe.rate * 0.5 * (1 + Math.cos((Math.PI * step) / steps)));
      step += 1;
    }
    report?.(epoch + 1, total / order.length);
  }
  roundWeights(network);
  return network;
}

/** Moves an image by up to `reach` pixels each way; what comes in is blank. */
function shiftImage(image: Float64Array, reach: number, random: Random): Float64Array {
  const dy = random.below(2 * reach + 1) - reach;
  const dx = random.below(2 * reach + 1) - reach;
  const moved = new Float64Array(PIXELS);
  for (let y = Math.max(0, -dy); y < Math.min(SIDE, SIDE - dy); y++) {
    for (let x = Math.max(0, -dx); x < Math.min(SIDE, SIDE - dx); x++) {
      moved[y * SIDE + x] = image[(y + dy) * SIDE + x + dx] as number;
    }
  }
  return moved;
}

/** Adam (Kingma and Ba, 2014) with its usual constants. The step clears the gradients it used. */
function openAdam(parameters: readonly Parameter[]): (rate: number) => void {
  const keepMean = 0.9;
  const keepSquare = 0.999;
  const means = parameters.map(({ value }) => new Float64Array(value.length));
  const squares = parameters.map(({ value }) => new Float64Array(value.length));
  let steps = 0;
  return (rate) => {
    steps += 1;
    const meanScale = 1 / (1 - keepMean ** steps);
    const squareScale = 1 / (1 - keepSquare ** steps);
    for (const [number, { value, gradient }] of parameters.entries()) {
      const mean = means[number] ?? new Float64Array(0);
      const square = squares[number] ?? new Float64Array(0);
      for (let index = 0; index < value.length; index++) {
        const slope = gradient[index] as number;
        const m = keepMean * (mean[index] as number) + (1 - keepMean) * slope;
        const s = keepSquare * (square[index] as number) + (1 - keepSquare) * slope * slope;
        mean[index] = m;
        square[index] = s;
        const change = (rate * m * meanScale) / (Math.sqrt(s * squareScale) + 1e-8);
        value[index] = (value[index] as number) - change;
      }
      gradient.fill(0);
    }
  };
}
