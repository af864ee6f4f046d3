import { expect, it } from 'vitest';
import { encodeOnnx } from '#protocol/onnx/encode.ts';
import type { OnnxDimension } from '#protocol/onnx/model.ts';
import { freeDimensions } from './free-dimensions.ts';

const model = (inputs: Record<string, OnnxDimension[]>) =>
  encodeOnnx({
    ...{ irVersion: 8, producerName: '', opsetImports: [{ domain: '', version: 17 }] },
    functions: [],
    graph: {
      ...{ name: 'g', nodes: [], initializers: [], sparseInitializers: [], outputs: [] },
      inputs: Object.entries(inputs).map(([name, dims]) => ({
        ...{ name, type: { kind: 'tensor' as const, dataType: 1, dims } },
      })),
    },
  });
const sizes = (file: Uint8Array, shapes: Record<string, number[]>) =>
  freeDimensions(
    file,
    Object.entries(shapes).map(([name, shape]) => ({ name, dtype: 'f32', shape })),
  );

it('free dimensions take the sizes of the inputs, a length of 0 too', () => {
  const file = model({ x: ['batch', 3, 'p'], y: ['batch', ''] });
  expect(sizes(file, { x: [4, 3, 0], y: [4, 7] })).toEqual({ batch: 4, p: 0 });
});

it('a name of two sizes, in one input or in two, is none', () => {
  const file = model({ x: ['n', '?', '?'], y: ['n', 'm'], z: ['m', 2] });
  expect(sizes(file, { x: [1, 48, 192], y: [1, 5], z: [6, 2] })).toEqual({ n: 1 });
});

it('a file that is no model has none', () => {
  expect(sizes(new Uint8Array([1, 2]), { x: [1] })).toEqual({});
});
