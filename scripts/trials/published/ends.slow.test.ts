import { expect, it } from 'vitest';
import { decodeOnnx } from '#protocol/onnx/decode.ts';
import { encodeOnnx } from '#protocol/onnx/encode.ts';
import { intAttribute, ONNX_DTYPES, type OnnxModel } from '#protocol/onnx/model.ts';
import { sampleModel } from '#protocol/onnx/sample-model.ts';
import { must } from '#protocol/values/refusal.ts';
import { openModel } from '../../models/session.ts';
import { renameEnds } from './ends.ts';

const ENDS = {
  inputs: { pixel_values: 'x', attention_mask: 'keep' },
  output: { name: 'logits', from: 'kept', dims: ['batch', 2] },
};

/** A graph as one is published: a mask of bools, and a softmax at its end. */
function published(): OnnxModel {
  const nodes = [
    ...[{ op: 'Cast', inputs: ['keep'], output: 'ones', attributes: [intAttribute('to', 1)] }],
    ...[{ op: 'Mul', inputs: ['x', 'ones'], output: 'kept' }],
    ...[{ op: 'Softmax', inputs: ['kept'], output: 'y' }],
  ];
  const model = must(decodeOnnx(sampleModel(nodes, { inputs: ['x', 'keep'], width: 2 })));
  const inputs = model.graph.inputs.map(({ name, type }) =>
    name === 'keep' && type.kind === 'tensor'
      ? { name, type: { ...type, dataType: ONNX_DTYPES.bool } }
      : { name, type },
  );
  return { ...model, graph: { ...model.graph, inputs } };
}

it('a renamed graph takes what tokenizers make and gives what stood before its softmax', async () => {
  const renamed = renameEnds(published(), ENDS);
  expect(renamed.graph.nodes.map(({ opType }) => opType)).not.toContain('Softmax');
  const model = await openModel(encodeOnnx(renamed));
  const shape = [1, 2];
  const found = await model.run({
    pixel_values: { data: new Float32Array([3, 5]), shape },
    attention_mask: { data: new BigInt64Array([1n, 0n]), shape },
  });
  expect(found).toEqual({ logits: new Float32Array([3, 0]) });
  await model.close();
});

it('a graph without the values that are named is refused by name', () => {
  const inputs = { pixel_values: 'image' };
  expect(() => renameEnds(published(), { ...ENDS, inputs })).toThrow('no input image');
  const output = { ...ENDS.output, from: 'emissions' };
  expect(() => renameEnds(published(), { ...ENDS, output })).toThrow('computes no emissions');
});
