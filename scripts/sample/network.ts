import type { Random } from '../models/random.ts';
import { CLASSES, type Digits, PIXELS, SIDE } from './dataset.ts';
import {
  type Layer,
  openConvolution,
  openDense,
  openPool,
  openRelu,
  type Parameter,
} from './layers.ts';

/** Widths of the network: channels of the two convolutions, then the hidden dense layer. */
export interface Widths {
  first: number;
  second: number;
  hidden: number;
}

/** About 1.9 million multiplications an item, and 380 kB of weights. */
export const SAMPLE_WIDTHS: Widths = { first: 48, second: 64, hidden: 64 };

export interface Network {
  parameters: Parameter[];
  /** [1, 8, 8] → 10 logits. */
  forward(image: Float64Array): Float64Array;
  backward(gradient: Float64Array): void;
}

/** conv 3×3, relu, conv 3×3, relu, pool 2×2, dense, relu, dense; He's initial weights (2015). */
export function openNetwork(widths: Widths, random: Random): Network {
  const pooled = widths.second * (SIDE / 2) ** 2;
  const layers: Layer[] = [
    openConvolution('conv1', { from: 1, to: widths.first, side: SIDE }),
    openRelu(),
    openConvolution('conv2', { from: widths.first, to: widths.second, side: SIDE }),
    openRelu(),
    openPool(widths.second, SIDE),
    openDense('dense1', { from: pooled, to: widths.hidden }),
    openRelu(),
    openDense('dense2', { from: widths.hidden, to: CLASSES }),
  ];
  const parameters = layers.flatMap((layer) => layer.parameters);
  for (const { dims, value } of parameters) {
    if (dims.length === 1) continue;
    const fanIn = value.length / (dims[0] ?? 1);
    for (let index = 0; index < value.length; index++) {
      value[index] = random.normal() * Math.sqrt(2 / fanIn);
    }
  }
  return {
    parameters,
    forward: (image) => layers.reduce((values, layer) => layer.forward(values), image),
    backward: (gradient) => {
      layers.reduceRight((values, layer) => layer.backward(values), gradient);
    },
  };
}

/** Rounds every weight to 32 bits, as the exported model holds them. */
export function roundWeights(network: Network): void {
  for (const { value } of network.parameters) {
    for (let index = 0; index < value.length; index++) {
      value[index] = Math.fround(value[index] as number);
    }
  }
}

/** Share of the chosen items that the network names right, 0..1. */
export function measureAccuracy(
  network: Network,
  items: readonly number[],
  { imageOf, labelOf }: Samples,
): number {
  let right = 0;
  for (const item of items) {
    const logits = network.forward(imageOf(item));
    if (logits.indexOf(Math.max(...logits)) === labelOf(item)) right += 1;
  }
  return right / items.length;
}

/** Images with their labels, by item number. */
export interface Samples {
  imageOf(item: number): Float64Array;
  labelOf(item: number): number;
}

/** The data set as a network takes it, in 64 bits. */
export function samplesOf({ images, labels }: Digits): Samples {
  const items = labels.map((_, item) =>
    Float64Array.from(images.subarray(item * PIXELS, (item + 1) * PIXELS)),
  );
  return {
    imageOf: (item) => items[item] ?? new Float64Array(PIXELS),
    labelOf: (item) => labels[item] ?? 0,
  };
}
