import { describe, expect, it } from 'vitest';
import type { OnnxModel, OnnxNode, OnnxType, OnnxValue } from './model.ts';
import { chooseOutputs } from './outputs.ts';

const floats: OnnxType = { kind: 'tensor', dataType: 1, dims: ['n', 3] };
const texts: OnnxType = { kind: 'tensor', dataType: 8, dims: ['n'] };
const maps: OnnxType = { kind: 'sequence' };
const value = (name: string, type: OnnxType): OnnxValue => ({ name, type });
const zipMap: OnnxNode = {
  name: 'zip',
  opType: 'ZipMap',
  domain: 'ai.onnx.ml',
  inputs: ['scores'],
  outputs: ['maps'],
  attributes: [{ name: 'classlabels_int64s', type: 7, ints: [4, 5, 6] }],
};
const modelOf = (nodes: OnnxNode[], ...outputs: OnnxValue[]): OnnxModel => ({
  irVersion: 8,
  producerName: '',
  opsetImports: [{ domain: '', version: 17 }],
  graph: {
    name: 'graph',
    nodes,
    initializers: [],
    sparseInitializers: [],
    inputs: [value('x', floats)],
    outputs,
  },
  functions: [],
});
const chosen = (model: OnnxModel, wanted?: string[]) => {
  const result = chooseOutputs(model, wanted);
  if (!result.ok) throw new Error(result.refusal.message);
  return { names: result.value.model.graph.outputs.map(({ name }) => name), ...result.value };
};

describe('chooseOutputs', () => {
  it('a model whose outputs are all carried stays as it is', () => {
    const model = modelOf([], value('y', floats));
    expect(chosen(model).model).toBe(model);
  });

  it('text beside numbers is left out and named', () => {
    const model = modelOf([], value('label', texts), value('y', floats));
    expect(chosen(model)).toMatchObject({ names: ['y'], left: ['label'] });
  });

  it('what was asked for is there, in the order of the model', () => {
    const model = modelOf([], value('a', floats), value('b', floats), value('c', texts));
    expect(chosen(model, ['b', 'a'])).toMatchObject({ names: ['a', 'b'], left: [] });
    const refused = chooseOutputs(model, ['z']);
    expect(refused).toMatchObject({ refusal: { path: 'outputs' } });
    expect(refused).toMatchObject({ refusal: { message: expect.stringMatching(/"a", "b", "c"/) } });
  });

  it('outputs that cannot be carried stay where there is no other', () => {
    expect(chosen(modelOf([], value('label', texts)))).toMatchObject({ names: ['label'] });
  });

  it('a map at the end becomes the tensor it is made of', () => {
    const { model, names } = chosen(modelOf([zipMap], value('l', texts), value('maps', maps)));
    expect(names).toEqual(['maps']);
    expect(model.graph.outputs[0]?.type).toEqual({ kind: 'tensor', dataType: 1, dims: ['n', 3] });
    expect(model.graph.nodes).toEqual([
      { ...zipMap, opType: 'Identity', domain: '', attributes: [] },
    ]);
  });
});
