import { encodeOnnx } from '../onnx/encode.ts';
import { openWords } from '../values/seeded.ts';
import type { DecoderConfig, DecoderPrecision, DecoderWeights } from './config.ts';
import { buildLlama } from './llama.ts';
import { CHATML_CONFIG, SPECIAL_TOKENS, TINY_TOKENIZER } from './tiny-tokenizer.ts';

/** A decoder so small that tests build it, with a token for each byte. */
export const TINY: DecoderConfig = {
  hidden_size: 32,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  intermediate_size: 48,
  vocab_size: SPECIAL_TOKENS.length + 256,
  rms_norm_eps: 1e-5,
  rope_theta: 10_000,
  max_position_embeddings: 256,
  tie_word_embeddings: false,
};

/** How a tiny decoder is made. */
export interface TinyOptions {
  precision?: DecoderPrecision;
  /** Another seed is another model. */
  seed?: number;
}

/**
 * Weights drawn from a seed, by name: their sizes follow from the name. They say nothing of use, and
 * are spread so that greedy texts vary, mostly over printable characters.
 */
export function tinyWeights(seed: number, config: DecoderConfig = TINY): DecoderWeights {
  return (name) => {
    const count = countOf(name, config);
    if (name.endsWith('norm.weight')) return new Float32Array(count).fill(1);
    const mix = (sum: number, letter: string) => Math.imul(sum, 31) + letter.charCodeAt(0);
    const word = openWords([...name].reduce(mix, seed));
    const wide = /embed|lm_head/.test(name) ? 1 : 2 / Math.sqrt(config.hidden_size);
    const values = Float32Array.from({ length: count }, () => wide * (word() / 0x8000_0000 - 1));
    return name === 'lm_head.weight' ? values.map(dampen(config)) : values;
  };
}

/** A tiny decoder as an ONNX file, always the same of the same options. */
export function tinyDecoder({ precision = 'f32', seed = 1 }: TinyOptions = {}): {
  model: Uint8Array<ArrayBuffer>;
  config: DecoderConfig;
} {
  const model = encodeOnnx(buildLlama(TINY, tinyWeights(seed), precision));
  return { model: new Uint8Array(model), config: TINY };
}

/** All files of a repository of a tiny decoder, by path, as one exported by Optimum has them. */
export function tinyRepository(options: TinyOptions = {}): Record<string, string | Uint8Array> {
  const { model, config } = tinyDecoder(options);
  const [, start, end] = SPECIAL_TOKENS.keys();
  const ends = { bos_token_id: start, eos_token_id: end, pad_token_id: end };
  const named = { architectures: ['LlamaForCausalLM'], model_type: 'llama' };
  return {
    'config.json': JSON.stringify({ ...named, ...config, ...ends }),
    'generation_config.json': JSON.stringify(ends),
    'tokenizer.json': JSON.stringify(TINY_TOKENIZER),
    'tokenizer_config.json': JSON.stringify({
      ...CHATML_CONFIG,
      model_max_length: config.max_position_embeddings,
    }),
    'onnx/model.onnx': model,
  };
}

function countOf(name: string, config: DecoderConfig): number {
  const { hidden_size: hidden, intermediate_size: inner, vocab_size: vocab } = config;
  if (name.endsWith('norm.weight')) return hidden;
  if (/embed|lm_head/.test(name)) return vocab * hidden;
  if (/\.mlp\./.test(name)) return inner * hidden;
  const shared = config.num_key_value_heads / config.num_attention_heads;
  return hidden * hidden * (/\.[kv]_proj/.test(name) ? shared : 1);
}

/** Makes bytes that are no printable character, and special tokens, less likely. */
const dampen =
  ({ hidden_size: hidden }: DecoderConfig) =>
  (value: number, at: number): number => {
    const byte = Math.floor(at / hidden) - SPECIAL_TOKENS.length;
    return byte >= 0x20 && byte < 0x7f ? value : value / 2;
  };
