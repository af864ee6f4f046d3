import { expect, it } from 'vitest';
import { decodeOnnx } from '#protocol/onnx/decode.ts';
import { encodeOnnx } from '#protocol/onnx/encode.ts';
import type { OnnxTensor } from '#protocol/onnx/model.ts';
import { sampleModel } from '#protocol/onnx/sample-model.ts';
import { must } from '#protocol/values/refusal.ts';
import { type OutsideWeights, putWeightsOutside } from './outside-weights.ts';

const WIDTH = 96;
const WEIGHTS = [...Float32Array.from({ length: WIDTH * WIDTH }, (_, at) => Math.sin(at + 1))];

/** y = (x · w) + b: weights of 36 KiB, and a bias that is too small to leave the graph. */
function withWeights(storage: OnnxTensor['storage'] = 'raw'): Uint8Array {
  const nodes = [
    { op: 'MatMul', inputs: ['x', 'w'], output: 'm' },
    { op: 'Add', inputs: ['m', 'b'], output: 'y' },
  ];
  const model = must(decodeOnnx(sampleModel(nodes, { width: WIDTH })));
  const tensor = (name: string, dims: number[]): OnnxTensor => {
    const size = dims.reduce((product, dim) => product * dim, 1);
    const values = Float32Array.from({ length: size }, (_, at) => Math.sin(at + 1));
    return { name, dataType: 1, dims, storage, data: new Uint8Array(values.buffer) };
  };
  const initializers = [tensor('w', [WIDTH, WIDTH]), tensor('b', [WIDTH])];
  return encodeOnnx({ ...model, graph: { ...model.graph, initializers } });
}

/** Where each tensor of a graph lies in the file beside it. */
function readOutside({ graph, externalData }: OutsideWeights): Record<string, number[]> {
  const [file] = externalData;
  const found: Record<string, number[]> = {};
  for (const { name, external } of must(decodeOnnx(graph)).graph.initializers) {
    if (external === undefined || file === undefined) continue;
    expect(external.location).toBe(file.path);
    const { offset = 0, length } = external;
    found[name] = [...new Float32Array(file.data.slice(offset, offset + (length ?? 0)).buffer)];
  }
  return found;
}

it('putWeightsOutside leaves a graph of some bytes that knows where its weights lie', () => {
  const file = withWeights();
  const outside = putWeightsOutside(file);
  expect(outside.graph.length).toBeLessThan(1_000);
  expect(outside.externalData[0]?.data).toBe(file);
  expect(readOutside(outside)).toEqual({ w: WEIGHTS });
});

it('putWeightsOutside finds weights in a file that is a part of another buffer', () => {
  const file = withWeights();
  const buffer = new Uint8Array(file.length + 7);
  buffer.set(file, 7);
  expect(readOutside(putWeightsOutside(buffer.subarray(7)))).toEqual({ w: WEIGHTS });
});

it.each([
  ['whose weights are a list of floats', withWeights('float')],
  ['without weights', sampleModel([{ op: 'Relu', inputs: ['x'], output: 'y' }])],
  ['that cannot be read', new Uint8Array([1, 2, 3])],
])('putWeightsOutside leaves a file %s as it is', (_, file) => {
  expect(putWeightsOutside(file)).toEqual({ graph: file, externalData: [] });
});
