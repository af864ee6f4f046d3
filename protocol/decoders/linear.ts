import { type Build, once, toFloat } from './build.ts';
import { addRows, type Matrix, quantiseTokens, ZERO } from './quantise.ts';

/** A linear layer without bias: f32 [..., from] → f32 [..., to]. */
export function addLinear(
  build: Build,
  input: string,
  matrix: Matrix & { output?: string },
): string {
  const { graph, precision, weights } = build;
  const { name, from, to, output } = matrix;
  const named = output === undefined ? {} : { output };
  if (precision === 'f32') {
    const weight = once(build, name, () =>
      graph.floats(name, [from, to], transpose(weights(name), from)),
    );
    return graph.node('MatMul', [input, weight], named);
  }
  const { rows, scales } = addRows(build, matrix);
  const [quantised, steps] = quantiseTokens(build, input);
  const zero = once(build, 'zero', () => graph.bytes('zero_point', [], Uint8Array.of(ZERO)));
  const whole = graph.node('MatMulInteger', [quantised, rows, zero]);
  const scaled = graph.node('Mul', [toFloat(build, whole), scales]);
  return graph.node('Mul', [scaled, steps], named);
}

/** [out, in] → [in, out]. */
function transpose(weights: Float32Array, from: number): Float32Array {
  const to = weights.length / from;
  const turned = new Float32Array(weights.length);
  for (let row = 0; row < to; row += 1)
    for (let at = 0; at < from; at += 1) turned[at * to + row] = weights[row * from + at] ?? 0;
  return turned;
}
