import { intAttribute, intsAttribute, ONNX_DTYPES } from '../onnx/model.ts';
import { type Build, number, once } from './build.ts';

/** A matrix of weights: its name in transformers and how many numbers go in and come out. */
export interface Matrix {
  name: string;
  from: number;
  to: number;
}

/** Activations are unsigned with this zero point, as MatMulInteger's fast kernels want them. */
export const ZERO = 128;
const STEPS = 127;
/** A token of zeros has a step too. */
const LEAST_STEP = 1e-10;

/** 8 bits a number and one step a token, from operators that look at one token each. */
export function quantiseTokens(build: Build, input: string): [bytes: string, steps: string] {
  const { graph } = build;
  const steps = once(build, `steps ${input}`, () => {
    const attributes = [intsAttribute('axes', [-1]), intAttribute('keepdims', 1)];
    const most = graph.node('ReduceMax', [graph.node('Abs', [input])], { attributes });
    const step = graph.node('Mul', [most, number(build, 1 / STEPS)]);
    return graph.node('Max', [step, number(build, LEAST_STEP)]);
  });
  const bytes = once(build, `bytes ${input}`, () => {
    const whole = graph.node('Round', [graph.node('Div', [input, steps])]);
    const raised = graph.node('Add', [whole, number(build, ZERO)]);
    const attributes = [intAttribute('to', ONNX_DTYPES.u8)];
    return graph.node('Cast', [raised], { attributes });
  });
  return [bytes, steps];
}

/** The weights in 8 bits, transposed to i8 [from, to], and the step of each output row. */
export function addRows(
  build: Build,
  { name, from, to }: Matrix,
): { rows: string; scales: string } {
  const { graph, weights } = build;
  const scales = `${name}.steps`;
  const rows = once(build, name, () => {
    const quantised = quantiseRows(weights(name), from);
    graph.floats(scales, [to], quantised.steps);
    return graph.bytes(name, [from, to], quantised.bytes);
  });
  return { rows, scales };
}

function quantiseRows(weights: Float32Array, from: number) {
  const to = weights.length / from;
  const bytes = new Int8Array(weights.length);
  const steps = new Float32Array(to);
  for (let row = 0; row < to; row += 1) {
    const values = weights.subarray(row * from, (row + 1) * from);
    let most = 0;
    for (const value of values) most = Math.max(most, Math.abs(value));
    const step = Math.fround(most / STEPS) || 1;
    steps[row] = step;
    values.forEach((value, at) => {
      bytes[at * to + row] = Math.max(-STEPS, Math.min(STEPS, Math.round(value / step)));
    });
  }
  return { bytes, steps };
}
