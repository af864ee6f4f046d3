import { addProduct, transpose } from './matrix.ts';

/** A weight with the gradient gathered for it. */
export interface Parameter {
  name: string;
  /** As ONNX stores it. */
  dims: number[];
  value: Float64Array;
  gradient: Float64Array;
}

/**
 * One step of a network, one item at a time. `backward` takes the gradient of the loss by the last
 * `forward`'s output, adds to its parameters' gradients and gives the gradient by the input.
 */
export interface Layer {
  parameters: Parameter[];
  forward(input: Float64Array): Float64Array;
  backward(gradient: Float64Array): Float64Array;
}

export const openParameter = (name: string, dims: number[]): Parameter => {
  const count = dims.reduce((product, dimension) => product * dimension, 1);
  return { name, dims, value: new Float64Array(count), gradient: new Float64Array(count) };
};

const at = (array: Float64Array, index: number): number => array[index] as number;

const TAPS = 9;

/** Copies the 3×3 neighbourhood of each pixel into rows: [channels·9, side²], zeros outside. */
function gatherPatches(input: Float64Array, channels: number, side: number): Float64Array {
  const patches = new Float64Array(channels * TAPS * side * side);
  visitPatches(channels, side, (patch, pixel) => {
    patches[patch] = at(input, pixel);
  });
  return patches;
}

/** The transpose of `gatherPatches`: sums each pixel's copies. */
function scatterPatches(patches: Float64Array, channels: number, side: number): Float64Array {
  const output = new Float64Array(channels * side * side);
  visitPatches(channels, side, (patch, pixel) => {
    output[pixel] = at(output, pixel) + at(patches, patch);
  });
  return output;
}

function visitPatches(
  channels: number,
  side: number,
  visit: (patch: number, pixel: number) => void,
): void {
  for (let row = 0; row < channels * TAPS; row++) {
    const channel = Math.floor(row / TAPS);
    const dy = Math.floor((row % TAPS) / 3) - 1;
    const dx = (row % 3) - 1;
    for (let y = Math.max(0, -dy); y < Math.min(side, side - dy); y++) {
      for (let x = Math.max(0, -dx); x < Math.min(side, side - dx); x++) {
        visit((row * side + y) * side + x, (channel * side + y + dy) * side + x + dx);
      }
    }
  }
}

/** 3×3 convolution with padding 1: [from, side, side] → [to, side, side]. */
export function openConvolution(
  name: string,
  { from, to, side }: { from: number; to: number; side: number },
): Layer {
  const weight = openParameter(`${name}.weight`, [to, from, 3, 3]);
  const bias = openParameter(`${name}.bias`, [to]);
  const area = side * side;
  const inner = from * TAPS;
  let patches: Float64Array = new Float64Array(0);
  return {
    parameters: [weight, bias],
    forward(input) {
      patches = gatherPatches(input, from, side);
      const output = new Float64Array(to * area);
      for (let channel = 0; channel < to; channel++) {
        output.fill(at(bias.value, channel), channel * area, (channel + 1) * area);
      }
      addProduct(output, [weight.value, patches], { rows: to, inner, columns: area });
      return output;
    },
    backward(gradient) {
      const patchesTurned = transpose(patches, inner, area);
      addProduct(weight.gradient, [gradient, patchesTurned], {
        rows: to,
        inner: area,
        columns: inner,
      });
      for (let index = 0; index < gradient.length; index++) {
        const channel = Math.floor(index / area);
        bias.gradient[channel] = at(bias.gradient, channel) + at(gradient, index);
      }
      const patchGradient = new Float64Array(inner * area);
      const weightTurned = transpose(weight.value, to, inner);
      addProduct(patchGradient, [weightTurned, gradient], {
        rows: inner,
        inner: to,
        columns: area,
      });
      return scatterPatches(patchGradient, from, side);
    },
  };
}

/** max(0, x). */
export function openRelu(): Layer {
  let output: Float64Array = new Float64Array(0);
  return {
    parameters: [],
    forward(input) {
      output = input.map((value) => Math.max(0, value));
      return output;
    },
    backward: (gradient) => gradient.map((value, index) => (at(output, index) > 0 ? value : 0)),
  };
}

/** The largest of each 2×2 block: [channels, side, side] → [channels, side/2, side/2]. */
export function openPool(channels: number, side: number): Layer {
  const half = side / 2;
  const winners = new Int32Array(channels * half * half);
  return {
    parameters: [],
    forward(input) {
      const output = new Float64Array(winners.length);
      for (let index = 0; index < output.length; index++) {
        const y = Math.floor(index / half) * 2;
        const corner = y * side + (index % half) * 2;
        let best = corner;
        for (const other of [corner + 1, corner + side, corner + side + 1]) {
          if (at(input, other) > at(input, best)) best = other;
        }
        winners[index] = best;
        output[index] = at(input, best);
      }
      return output;
    },
    backward(gradient) {
      const input = new Float64Array(channels * side * side);
      for (let index = 0; index < winners.length; index++) {
        input[winners[index] as number] = at(gradient, index);
      }
      return input;
    },
  };
}

/** weight · x + bias: [from] → [to]. */
export function openDense(name: string, { from, to }: { from: number; to: number }): Layer {
  const weight = openParameter(`${name}.weight`, [to, from]);
  const bias = openParameter(`${name}.bias`, [to]);
  let last: Float64Array = new Float64Array(0);
  return {
    parameters: [weight, bias],
    forward(input) {
      last = Float64Array.from(input);
      const output = Float64Array.from(bias.value);
      addProduct(output, [weight.value, last], { rows: to, inner: from, columns: 1 });
      return output;
    },
    backward(gradient) {
      addProduct(weight.gradient, [gradient, last], { rows: to, inner: 1, columns: from });
      for (let row = 0; row < to; row++) {
        bias.gradient[row] = at(bias.gradient, row) + at(gradient, row);
      }
      const input = new Float64Array(from);
      addProduct(input, [gradient, weight.value], { rows: 1, inner: to, columns: from });
      return input;
    },
  };
}

/** Cross entropy of softmax(logits) against the label, and its gradient by the logits. */
export function measureLoss(
  logits: Float64Array,
  label: number,
): { loss: number; gradient: Float64Array } {
  const highest = logits.reduce((best, value) => Math.max(best, value), Number.NEGATIVE_INFINITY);
  const gradient = logits.map((value) => Math.exp(value - highest));
  const sum = gradient.reduce((total, value) => total + value, 0);
  for (let index = 0; index < gradient.length; index++) {
    gradient[index] = at(gradient, index) / sum;
  }
  const loss = -Math.log(at(gradient, label));
  gradient[label] = at(gradient, label) - 1;
  return { loss, gradient };
}
