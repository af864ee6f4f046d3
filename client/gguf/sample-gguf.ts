import { concatBytes } from '#protocol/bytes/digest.ts';
import { type DecoderConfig, headSize } from '#protocol/decoders/config.ts';
import { TINY, tinyWeights } from '#protocol/decoders/tiny.ts';
import { TINY_TOKENS } from '#protocol/decoders/tiny-tokenizer.ts';

/** A value of the metadata with its type in GGUF. */
export type SampleValue =
  | { type: 'u32' | 'f32' | 'bool'; value: number }
  | { type: 'text'; value: string }
  | { type: 'texts'; value: readonly string[] }
  | { type: 'u32s'; value: readonly number[] };

/** A tensor of 32-bit floats, rows last. */
export interface SampleTensor {
  name: string;
  shape: number[];
  values: Float32Array;
}

const u32 = (value: number): SampleValue => ({ type: 'u32', value });
const f32 = (value: number): SampleValue => ({ type: 'f32', value });
const text = (value: string): SampleValue => ({ type: 'text', value });

/** What a GGUF file of the tiny decoder says of it. */
export const sampleMetadata = (config: DecoderConfig = TINY): Record<string, SampleValue> => ({
  'general.architecture': text('llama'),
  'llama.block_count': u32(config.num_hidden_layers),
  'llama.context_length': u32(config.max_position_embeddings),
  'llama.embedding_length': u32(config.hidden_size),
  'llama.feed_forward_length': u32(config.intermediate_size),
  'llama.attention.head_count': u32(config.num_attention_heads),
  'llama.attention.head_count_kv': u32(config.num_key_value_heads),
  'llama.attention.layer_norm_rms_epsilon': f32(config.rms_norm_eps),
  'llama.rope.freq_base': f32(config.rope_theta),
  'tokenizer.ggml.model': text('gpt2'),
  'tokenizer.ggml.pre': text('gpt-2'),
  'tokenizer.ggml.tokens': { type: 'texts', value: TINY_TOKENS.tokens },
  'tokenizer.ggml.token_type': {
    type: 'u32s',
    value: TINY_TOKENS.tokens.map((_, id) => (TINY_TOKENS.special.includes(id) ? 3 : 1)),
  },
  'tokenizer.ggml.merges': { type: 'texts', value: TINY_TOKENS.merges },
  'tokenizer.ggml.bos_token_id': u32(1),
  'tokenizer.ggml.eos_token_id': u32(2),
  'tokenizer.ggml.unknown_token_id': u32(0),
  'tokenizer.ggml.add_bos_token': { type: 'bool', value: 0 },
  'tokenizer.chat_template': text('{{ messages[0].content }}'),
});

/** The tensors of the tiny decoder as llama.cpp's converter lays them out. */
export function sampleTensors(config: DecoderConfig = TINY): SampleTensor[] {
  const weights = tinyWeights(1, config);
  const { hidden_size: hidden, intermediate_size: inner, vocab_size: vocab } = config;
  const { num_attention_heads: heads, num_key_value_heads: kvHeads } = config;
  const size = headSize(config);
  const tensor = (name: string, from: string, shape: number[]): SampleTensor => ({
    ...{ name: `${name}.weight`, shape, values: weights(`${from}.weight`) },
  });
  const crossed = (count: number, { values, ...rest }: SampleTensor): SampleTensor => ({
    ...rest,
    values: cross(values, { heads: count, size, hidden }),
  });
  const layers = Array.from({ length: config.num_hidden_layers }, (_, layer) => {
    const part = (name: string, from: string, shape: number[]) =>
      tensor(`blk.${layer}.${name}`, `model.layers.${layer}.${from}`, shape);
    return [
      part('attn_norm', 'input_layernorm', [hidden]),
      crossed(heads, part('attn_q', 'self_attn.q_proj', [heads * size, hidden])),
      crossed(kvHeads, part('attn_k', 'self_attn.k_proj', [kvHeads * size, hidden])),
      part('attn_v', 'self_attn.v_proj', [kvHeads * size, hidden]),
      part('attn_output', 'self_attn.o_proj', [hidden, heads * size]),
      part('ffn_norm', 'post_attention_layernorm', [hidden]),
      part('ffn_gate', 'mlp.gate_proj', [inner, hidden]),
      part('ffn_up', 'mlp.up_proj', [inner, hidden]),
      part('ffn_down', 'mlp.down_proj', [hidden, inner]),
    ];
  });
  return [
    tensor('token_embd', 'model.embed_tokens', [vocab, hidden]),
    ...layers.flat(),
    tensor('output_norm', 'model.norm', [hidden]),
    tensor('output', 'lm_head', [vocab, hidden]),
  ];
}

/** Makes rows half a head apart neighbours: `reshape(heads, 2, size ÷ 2, hidden).swapaxes(1, 2)`. */
function cross(
  values: Float32Array,
  { heads, size, hidden }: { heads: number; size: number; hidden: number },
): Float32Array {
  const rows: Float32Array[] = [];
  for (let head = 0; head < heads; head += 1)
    for (let pair = 0; pair < size / 2; pair += 1)
      for (const second of [0, 1]) {
        const row = head * size + second * (size / 2) + pair;
        rows.push(values.subarray(row * hidden, (row + 1) * hidden));
      }
  return Float32Array.from(rows.flatMap((row) => [...row]));
}

const TYPES = { u32: 4, f32: 6, bool: 7, text: 8 } as const;
const LIST = 9;
const ALIGNMENT = 32;

const numbers = (array: Uint32Array | Float32Array | BigUint64Array): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
const u32Bytes = (...values: number[]) => numbers(Uint32Array.from(values));
const sizeBytes = (...values: number[]) => numbers(BigUint64Array.from(values, BigInt));
const textBytes = (of: string) => {
  const bytes = new TextEncoder().encode(of);
  return concatBytes(...[sizeBytes(bytes.length), bytes]);
};

function valueBytes(sample: SampleValue): Uint8Array {
  switch (sample.type) {
    case 'text':
      return concatBytes(...[u32Bytes(TYPES.text), textBytes(sample.value)]);
    case 'texts': {
      const head = [u32Bytes(LIST, TYPES.text), sizeBytes(sample.value.length)];
      return concatBytes(...[...head, ...sample.value.map(textBytes)]);
    }
    case 'u32s': {
      const head = [u32Bytes(LIST, TYPES.u32), sizeBytes(sample.value.length)];
      return concatBytes(...[...head, u32Bytes(...sample.value)]);
    }
    case 'bool':
      return concatBytes(...[u32Bytes(TYPES.bool), Uint8Array.of(sample.value)]);
    case 'f32':
      return concatBytes(...[u32Bytes(TYPES.f32), numbers(Float32Array.of(sample.value))]);
    default:
      return u32Bytes(TYPES.u32, sample.value);
  }
}

const filled = (length: number) => Math.ceil(length / ALIGNMENT) * ALIGNMENT;

/** Writes a GGUF file of version 3, its tensors in 32-bit floats. */
export function writeGguf(
  metadata: Record<string, SampleValue>,
  tensors: readonly SampleTensor[],
): Uint8Array<ArrayBuffer> {
  const entries = Object.entries(metadata);
  let place = 0;
  const infos = tensors.map(({ name, shape, values }) => {
    const at = place;
    place += filled(values.byteLength);
    const sizes = sizeBytes(...[...shape].reverse());
    return concatBytes(
      ...[textBytes(name), u32Bytes(shape.length), sizes, u32Bytes(0), sizeBytes(at)],
    );
  });
  const head = concatBytes(
    ...[
      new TextEncoder().encode('GGUF'),
      u32Bytes(3),
      sizeBytes(tensors.length, entries.length),
      ...entries.flatMap(([key, value]) => [textBytes(key), valueBytes(value)]),
      ...infos,
    ],
  );
  const file = new Uint8Array(filled(head.length) + place);
  file.set(head);
  let at = filled(head.length);
  for (const { values } of tensors) {
    file.set(numbers(values), at);
    at += filled(values.byteLength);
  }
  return file;
}

/** A GGUF file of the tiny decoder. */
export const sampleGguf = (changes: Record<string, SampleValue> = {}): Uint8Array<ArrayBuffer> =>
  writeGguf({ ...sampleMetadata(), ...changes }, sampleTensors());
