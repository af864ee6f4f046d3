import { expect, it } from 'vitest';
import { encodeOnnx } from '#protocol/onnx/encode.ts';
import type { OnnxTensor, OnnxType } from '#protocol/onnx/model.ts';
import { checkModel, MODEL_LIMITS } from '../../core/models/check.ts';
import { assembleModel } from './model-file.ts';

const rows = (dataType: number): OnnxType => ({ kind: 'tensor', dataType, dims: ['n', 2] });
const weights: OnnxTensor = {
  name: 'w',
  dataType: 1,
  dims: [2],
  storage: 'raw',
  data: new Uint8Array(),
  external: { location: 'net.onnx.data', offset: 0, length: 8 },
};
const net = {
  name: 'net.onnx',
  bytes: encodeOnnx({
    irVersion: 8,
    producerName: 'test',
    opsetImports: [{ domain: '', version: 17 }],
    graph: {
      name: 'graph',
      nodes: [
        { name: '', opType: 'Add', domain: '', inputs: ['x', 'w'], outputs: ['y'], attributes: [] },
      ],
      initializers: [weights],
      sparseInitializers: [],
      inputs: [{ name: 'x', type: rows(1) }],
      outputs: [
        { name: 'y', type: rows(1) },
        { name: 'words', type: rows(8) },
      ],
    },
    functions: [],
  }),
};
const data = { name: 'weights.bin', bytes: new Uint8Array(8) };

it('a model and its data, in any order, become one file that the check accepts', () => {
  for (const files of [
    [net, data],
    [data, net],
  ]) {
    const made = assembleModel(files);
    if (!made.ok) throw new Error(made.refusal.message);
    expect(made.value.notes).toEqual([{ code: 'outputs-left-out', values: { names: 'words' } }]);
    const checked = checkModel(made.value.file, MODEL_LIMITS);
    expect(checked.ok && checked.value.outputs.map(({ name }) => name)).toEqual(['y']);
  }
});

it('a model without its data is told to send them', () => {
  const made = assembleModel([net], ['y']);
  const checked = made.ok && checkModel(made.value.file, MODEL_LIMITS);
  expect(checked).toMatchObject({ refusal: { code: 'model-external-data' } });
});

it('one file that is no model is left to the check, several are named', () => {
  expect(assembleModel([data])).toEqual({ ok: true, value: { file: data.bytes, notes: [] } });
  const several = assembleModel([data, { ...data, name: 'b.bin' }]);
  expect(several).toMatchObject({ refusal: { code: 'model-format' } });
  expect(assembleModel([net, net])).toMatchObject({ refusal: { code: 'request-invalid' } });
});
