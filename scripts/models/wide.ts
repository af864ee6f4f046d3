import { openGraph } from '#protocol/onnx/graph.ts';
import type { Tensor } from '#protocol/tensors/tensor.ts';
import { openRandom } from './random.ts';
import { drawWeights } from './weights.ts';

/** Two layers with 124 MiB of weights: more than devices offer before a trial of their memory. */
export const WIDE = { row: 64, width: 440_000, classes: 10 } as const;

/** Builds rows of 64 to rows of 10, with a layer between that is as wide as is told. */
export function buildWide(
  seed: number,
  { row, width, classes } = WIDE,
): { model: Uint8Array; parameters: number } {
  const random = openRandom(seed);
  const weights = (inputs: number, outputs: number) =>
    drawWeights(random, inputs * outputs, 1 / Math.sqrt(inputs));
  const graph = openGraph();
  const first = graph.floats('first', [row, width], weights(row, width));
  const second = graph.floats('second', [width, classes], weights(width, classes));
  const hidden = graph.node('Relu', [graph.node('MatMul', ['rows', first])]);
  graph.node('MatMul', [hidden, second], { output: 'scores' });
  const model = graph.encode({
    name: 'wide',
    inputs: [{ name: 'rows', dtype: 'f32', dims: ['batch', row] }],
    outputs: [{ name: 'scores', dtype: 'f32', dims: ['batch', classes] }],
  });
  return { model, parameters: graph.parameterCount() };
}

/** Seeded rows: `rows` f32 [items, 64]. */
export function makeWideInputs(seed: number, items: number): Record<'rows', Tensor> {
  const values = drawWeights(openRandom(seed), items * WIDE.row, 1);
  return {
    rows: { dtype: 'f32', shape: [items, WIDE.row], data: new Uint8Array(values.buffer) },
  };
}
