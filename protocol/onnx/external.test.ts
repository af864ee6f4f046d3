import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeOnnx } from './decode.ts';
import { encodeOnnx } from './encode.ts';
import { mergeExternal } from './external.ts';
import { graphAttribute, type OnnxGraph, type OnnxModel, type OnnxTensor } from './model.ts';

const kept = (
  name: string,
  location: string,
  place: { offset?: number; length?: number } = {},
) => ({
  name,
  dataType: 2,
  dims: [place.length ?? 4],
  storage: 'raw' as const,
  data: new Uint8Array(),
  external: { location, ...place },
});
const graphOf = (initializers: OnnxTensor[], over: Partial<OnnxGraph> = {}): OnnxGraph => ({
  name: 'graph',
  nodes: [],
  initializers,
  sparseInitializers: [],
  inputs: [],
  outputs: [],
  ...over,
});
const modelOf = (graph: OnnxGraph): OnnxModel => ({
  irVersion: 8,
  producerName: '',
  opsetImports: [{ domain: '', version: 17 }],
  graph,
  functions: [],
});
/** As a hub sees it: through the file. */
const reread = (model: OnnxModel): OnnxModel => {
  const decoded = decodeOnnx(encodeOnnx(model));
  if (!decoded.ok) throw new Error(decoded.refusal.message);
  return decoded.value;
};
const file = (name: string, bytes: Uint8Array) => ({ name, bytes });
const weightsOf = (model: OnnxModel) => model.graph.initializers.map(({ data }) => [...data]);

describe('mergeExternal', () => {
  it('each tensor gets its bytes back, in the file and out of it', () => {
    const parts = fc.array(fc.uint8Array({ minLength: 1, maxLength: 20 }), { minLength: 1 });
    fc.assert(
      fc.property(parts, (pieces) => {
        let offset = 0;
        const tensors = pieces.map(({ length }, index) => {
          offset += length;
          return kept(`w${index}`, 'net.onnx.data', { offset: offset - length, length });
        });
        const bytes = Uint8Array.from(pieces.flatMap((piece) => [...piece]));
        const merged = mergeExternal(reread(modelOf(graphOf(tensors))), [file('net.data', bytes)]);
        if (!merged.ok) throw new Error(merged.refusal.message);
        const whole = reread(merged.value);
        expect(weightsOf(whole)).toEqual(pieces.map((piece) => [...piece]));
        expect(whole.graph.initializers.some(({ external }) => external)).toBe(false);
      }),
    );
  });

  it('several files are told apart by name, in any folder and inside branches', () => {
    const branch = graphAttribute('then_branch', graphOf([kept('b', 'weights/b')]));
    const node = { name: '', opType: 'If', domain: '', inputs: [], outputs: [] };
    const nodes = [{ ...node, attributes: [branch] }];
    const model = reread(modelOf(graphOf([kept('a', './a')], { nodes })));
    const files = [file('b', new Uint8Array([9, 9])), file('up\\a', new Uint8Array([7]))];
    const merged = mergeExternal(model, files);
    if (!merged.ok) throw new Error(merged.refusal.message);
    const inner = merged.value.graph.nodes[0]?.attributes[0]?.graph;
    expect([weightsOf(merged.value), inner?.initializers[0]?.data]).toEqual([
      [[7]],
      new Uint8Array([9, 9]),
    ]);
  });

  it('a file that is missing leaves its tensors, one that is foreign or short is named', () => {
    const model = reread(modelOf(graphOf([kept('a', 'a.data', { offset: 8, length: 4 })])));
    expect(mergeExternal(model, [])).toEqual({ ok: true, value: model });
    const refused = (...files: [string, number][]) => {
      const sent = files.map(([name, length]) => file(name, new Uint8Array(length)));
      const merged = mergeExternal(model, sent);
      return merged.ok ? 'merged' : merged.refusal.message;
    };
    expect(refused(['a.data', 12])).toBe('merged');
    expect(refused(['a.data', 11])).toMatch(/a\.data has 11 bytes.*8 to 12/);
    expect(refused(['a.data', 12], ['b.data', 12])).toMatch(/b\.data is no part.*a\.data; send/);
    const whole = mergeExternal(modelOf(graphOf([])), [file('b', new Uint8Array(1))]);
    expect(whole).toMatchObject({ refusal: { code: 'model-external-data' } });
  });
});
