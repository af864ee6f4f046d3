import type { Dtype } from '../tensors/tensor.ts';
import { encodeOnnx } from './encode.ts';
import { ONNX_DTYPES, type OnnxAttribute } from './model.ts';

/** One step of a sample model. */
export interface SampleNode {
  op: string;
  inputs: string[];
  output: string;
  /** Its outputs after the first. */
  more?: string[];
  attributes?: OnnxAttribute[];
}

const INT = 2;
const INTS = 7;
export const intAttribute = (name: string, int: number): OnnxAttribute => ({
  ...{ name, type: INT, int },
});
export const intsAttribute = (name: string, ...ints: number[]): OnnxAttribute => ({
  ...{ name, type: INTS, ints },
});

/**
 * Small models for tests, float32 unless said otherwise, opset 17: the last node's output is the model's, and
 * all have rows of `width`. Without a batch the first dimension is free.
 */
export function sampleModel(
  nodes: readonly SampleNode[],
  { inputs = ['x'], width = 4, batch = 'n' as string | number, dtype = 'f32' as Dtype } = {},
): Uint8Array<ArrayBuffer> {
  const value = (name: string) => ({
    name,
    type: { kind: 'tensor' as const, dataType: ONNX_DTYPES[dtype], dims: [batch, width] },
  });
  const graph = {
    name: 'sample',
    nodes: nodes.map(({ op, inputs: from, output, more = [], attributes = [] }) => ({
      ...{
        name: output,
        opType: op,
        domain: '',
        inputs: from,
        outputs: [output, ...more],
        attributes,
      },
    })),
    initializers: [],
    sparseInitializers: [],
    inputs: inputs.map(value),
    outputs: [value(nodes.at(-1)?.output ?? '')],
  };
  const opsetImports = [{ domain: '', version: 17 }];
  return new Uint8Array(
    encodeOnnx({ irVersion: 8, producerName: 'test', opsetImports, functions: [], graph }),
  );
}

/** y = x × the mean of x over the rows of a unit: of one row alone, its squares. */
export const ROWS_TIMES_MEAN: readonly SampleNode[] = [
  { op: 'ReduceMean', inputs: ['x'], output: 'm', attributes: [intsAttribute('axes', 0)] },
  { op: 'Mul', inputs: ['x', 'm'], output: 'y' },
];
