import { expect, it } from 'vitest';
import { encodeOnnx } from '#protocol/onnx/encode.ts';
import { ONNX_DTYPES, type OnnxModel, type OnnxValue } from '#protocol/onnx/model.ts';
import type { Dtype } from '#protocol/tensors/tensor.ts';
import { MODEL_LIMITS } from './check.ts';
import { checkDecoder, writesText } from './decoder.ts';

const value = (name: string, dtype: Dtype, dims: (string | number)[]): OnnxValue => ({
  name,
  type: { kind: 'tensor', dataType: ONNX_DTYPES[dtype], dims },
});
const cache = (name: string, dtype: Dtype = 'f32', heads: number = 3): OnnxValue =>
  value(name, dtype, ['batch', heads, 'past', 64]);

const INPUTS = [
  value('input_ids', 'i64', ['batch', 'sequence']),
  value('attention_mask', 'i64', ['batch', 'total']),
  ...['key', 'value'].map((part) => cache(`past_key_values.0.${part}`)),
];
const OUTPUTS = [
  value('logits', 'f32', ['batch', 'sequence', 1_000]),
  ...['key', 'value'].map((part) => cache(`present.0.${part}`)),
];

/** The ends of an export, and one node that makes nothing of use. */
function modelOf({ inputs = INPUTS, outputs = OUTPUTS, op = 'Identity' } = {}): Uint8Array {
  const node = {
    ...{ name: 'n', opType: op, domain: '', inputs: ['input_ids'], outputs: ['other'] },
    attributes: [],
  };
  const graph = { name: 'g', nodes: [node], initializers: [], sparseInitializers: [] };
  const model: OnnxModel = {
    ...{ irVersion: 8, producerName: 'test', opsetImports: [{ domain: '', version: 17 }] },
    ...{ functions: [], graph: { ...graph, inputs, outputs } },
  };
  return encodeOnnx(model);
}

const check = (bytes: Uint8Array, positions?: number) =>
  checkDecoder(bytes, MODEL_LIMITS, { positions, ends: [2] });

it('checkDecoder reads what a model is like off its graph', () => {
  const value = { layers: 1, kvHeads: 3, headDim: 64, vocab: 1_000, ends: [2] };
  expect(check(modelOf())).toEqual({ ok: true, value: { ...value, context: 1_024 } });
  expect(check(modelOf(), 128)).toEqual({ ok: true, value: { ...value, context: 124 } });
});

it.each([
  {
    what: 'a model that quantises by tensor',
    model: { op: 'DynamicQuantizeLinear' },
    words: /looks at later tokens/,
  },
  {
    what: 'an input that nothing is known of',
    model: { inputs: [...INPUTS, value('pixel_values', 'f32', [1])] },
    words: /"pixel_values"/,
  },
  { what: 'a model without a cache', model: { inputs: INPUTS.slice(0, 2) }, words: /no past/ },
  {
    what: 'a cache of halves',
    model: { inputs: [...INPUTS.slice(0, 3), cache('past_key_values.0.value', 'f16')] },
    words: /f32/,
  },
  {
    what: 'a cache whose parts differ',
    model: { inputs: [...INPUTS.slice(0, 3), cache('past_key_values.0.value', 'f32', 4)] },
    words: /all alike/,
  },
  {
    what: 'a cache that is not given back',
    model: { outputs: OUTPUTS.slice(0, 2) },
    words: /does not give past_key_values.0.value back/,
  },
  { what: 'a model without logits', model: { outputs: OUTPUTS.slice(1) }, words: /"logits"/ },
])('checkDecoder refuses $what', ({ model, words }) => {
  const checked = check(modelOf(model));
  expect(checked).toMatchObject({ ok: false, refusal: { message: expect.stringMatching(words) } });
});

it('a model that takes a cache writes text', () => {
  expect(writesText(modelOf())).toBe(true);
  expect(writesText(modelOf({ inputs: INPUTS.slice(0, 2) }))).toBe(false);
  expect(writesText(Uint8Array.of(1, 2, 3))).toBe(false);
});
