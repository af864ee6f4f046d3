import { describe, expect, it } from 'vitest';
import { decodeOnnx } from '#protocol/onnx/decode.ts';
import { encodeOnnx } from '#protocol/onnx/encode.ts';
import type { OnnxDimension } from '#protocol/onnx/model.ts';
import { encodeNpy } from '#protocol/tensors/npy.ts';
import { foldShared } from './shared.ts';

const value = (name: string, dataType: number, dims: OnnxDimension[]) => ({
  ...{ name, type: { kind: 'tensor' as const, dataType, dims } },
});
const model = encodeOnnx({
  ...{ irVersion: 8, producerName: '', opsetImports: [{ domain: '', version: 17 }], functions: [] },
  graph: {
    ...{ name: 'g', initializers: [], sparseInitializers: [], outputs: [value('y', 1, ['n'])] },
    inputs: [value('x', 1, ['n']), value('sr', 7, []), value('state', 1, [2, 1, 'w'])],
    nodes: [
      { name: '', opType: 'Relu', domain: '', inputs: ['x'], outputs: ['y'], attributes: [] },
    ],
  },
});

function parts(file: Uint8Array) {
  const decoded = decodeOnnx(file);
  if (!decoded.ok) throw new Error(decoded.refusal.message);
  const { inputs, initializers } = decoded.value.graph;
  const constants = initializers.map(({ name, dims, data }) => ({ name, dims, data: [...data] }));
  return { inputs: inputs.map(({ name }) => name), constants };
}
const floats = (...numbers: number[]) => new Uint8Array(Float32Array.from(numbers).buffer);

describe('what all items share', () => {
  it('becomes a constant of the model, numbers and files alike', () => {
    const state = { dtype: 'f32', shape: [2, 1, 2], data: floats(1, 2, 3, 4) } as const;
    const files = [{ name: 'state.npy', bytes: encodeNpy(state) }];
    const sr = { name: 'sr', dims: [], data: [128, 62, 0, 0, 0, 0, 0, 0] };
    const folded = { name: 'state', dims: [2, 1, 2], data: [...state.data] };
    for (const given of [
      foldShared(model, { sr: 16000 }, files),
      foldShared(model, { sr: 16000, state: [[[1, 2]], [[3, 4]]] }, []),
    ]) {
      if (!given.ok) throw new Error(given.refusal.message);
      const { inputs, constants } = parts(given.value);
      expect(inputs).toEqual(['x']);
      expect(constants).toHaveLength(2);
      expect(constants).toEqual(expect.arrayContaining([sr, folded]));
    }
  });

  it('leaves a model as it came where there is none', () => {
    const given = foldShared(model, {}, []);
    expect(given.ok && given.value).toBe(model);
  });

  it.each<[string, Record<string, unknown>, string, RegExp]>([
    ['of another name', { rate: 1 }, 'input-name', /"rate".*"x", "sr", "state"/],
    ['text', { sr: 'fast' }, 'input-dtype', /shared\.sr/],
    ['of another rank', { state: [1, 2] }, 'input-shape', /shared\.state/],
    ['of another size', { state: [[[1]], [[1]], [[1]]] }, 'input-shape', /shared\.state/],
    ['every input', { x: [1], sr: 1, state: [[[1]], [[1]]] }, 'model-inputs-mismatch', /Leave one/],
  ])('is refused %s', (...[, values, code, words]) => {
    const message = expect.stringMatching(words);
    expect(foldShared(model, values, [])).toMatchObject({ refusal: { code, message } });
  });

  it('is refused in a file of another kind, size or dtype', () => {
    const lines = { name: 'sr.jsonl', bytes: new TextEncoder().encode('{"sr": 1}') };
    expect(foldShared(model, {}, [lines])).toMatchObject({ refusal: { code: 'input-format' } });
    const wide = { dtype: 'f32', shape: [3, 1, 1], data: floats(1, 2, 3) } as const;
    const file = (name: string) => [{ name, bytes: encodeNpy(wide) }];
    expect(foldShared(model, {}, file('state.npy'))).toMatchObject({
      refusal: { code: 'input-shape' },
    });
    expect(foldShared(model, {}, file('sr.npy'))).toMatchObject({
      refusal: { code: 'input-dtype' },
    });
  });
});
