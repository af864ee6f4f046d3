import { type GraphValue, openGraph } from '../onnx/graph.ts';
import { intAttribute, intsAttribute, type OnnxModel } from '../onnx/model.ts';
import { addAttention, addBias } from './attention.ts';
import { type Build, number } from './build.ts';
import {
  type DecoderConfig,
  type DecoderPrecision,
  type DecoderWeights,
  headSize,
} from './config.ts';
import { addEmbedding, addHead } from './embedding.ts';
import { addLinear } from './linear.ts';
import { addRotation } from './rotary.ts';

/**
 * A decoder of the Llama family as one graph of standard operators, opset 17, named as transformers.js
 * and Optimum name it: `input_ids` and `position_ids` i64 [batch, sequence], `attention_mask` i64
 * [batch, total] and `past_key_values.N.key|value` f32 [batch, kvHeads, past, headDim] give `logits`
 * f32 [batch, sequence, vocab] and `present.N.key|value`, the cache with the rows of these tokens.
 * RMS norms, rotary positions, grouped heads and SwiGLU as in transformers' `LlamaForCausalLM`.
 * Throws a `RangeError` when weights do not have the size that `config` says.
 */
export function buildLlama(
  config: DecoderConfig,
  weights: DecoderWeights,
  precision: DecoderPrecision = 'f32',
): OnnxModel {
  const build: Build = { graph: openGraph(), config, precision, weights, made: new Map() };
  const shared = { rotation: addRotation(build), bias: addBias(build) };
  let tokens = addEmbedding(build, 'input_ids');
  for (let layer = 0; layer < config.num_hidden_layers; layer += 1) {
    const name = `model.layers.${layer}`;
    const normal = addNorm(build, tokens, `${name}.input_layernorm.weight`);
    tokens = add(build, tokens, addAttention(build, normal, { ...shared, layer }));
    const after = addNorm(build, tokens, `${name}.post_attention_layernorm.weight`);
    tokens = add(build, tokens, addSwiGlu(build, after, `${name}.mlp`));
  }
  addHead(build, addNorm(build, tokens, 'model.norm.weight'));
  return build.graph.build({ name: 'decoder', ...endsOf(config) });
}

const add = ({ graph }: Build, left: string, right: string): string =>
  graph.node('Add', [left, right]);

/** x ÷ √(mean of x² + ε) × weight, over the last axis. */
function addNorm(build: Build, input: string, name: string): string {
  const { graph, config, weights } = build;
  const attributes = [intsAttribute('axes', [-1]), intAttribute('keepdims', 1)];
  const squares = graph.node('Pow', [input, number(build, 2)]);
  const mean = graph.node('ReduceMean', [squares], { attributes });
  const root = graph.node('Sqrt', [add(build, mean, number(build, config.rms_norm_eps))]);
  const weight = graph.floats(name, [config.hidden_size], weights(name));
  return graph.node('Mul', [graph.node('Div', [input, root]), weight]);
}

/** down(silu(gate(x)) × up(x)). */
function addSwiGlu(build: Build, input: string, name: string): string {
  const { graph, config } = build;
  const { hidden_size: hidden, intermediate_size: inner } = config;
  const linear = (part: string, of: string, [from, to]: [number, number]) =>
    addLinear(build, of, { name: `${name}.${part}_proj.weight`, from, to });
  const gate = linear('gate', input, [hidden, inner]);
  const up = linear('up', input, [hidden, inner]);
  const open = graph.node('Mul', [gate, graph.node('Sigmoid', [gate])]);
  return linear('down', graph.node('Mul', [open, up]), [inner, hidden]);
}

const BATCH = 'batch_size';
const SEQUENCE = 'sequence_length';
const TOTAL = 'total_sequence_length';

function endsOf(config: DecoderConfig): { inputs: GraphValue[]; outputs: GraphValue[] } {
  const ids = (name: string, length: string): GraphValue => ({
    ...{ name, dtype: 'i64', dims: [BATCH, length] },
  });
  const caches = (prefix: string, rows: string): GraphValue[] =>
    Array.from({ length: config.num_hidden_layers }, (_, layer) =>
      ['key', 'value'].map((part) => ({
        name: `${prefix}.${layer}.${part}`,
        dtype: 'f32' as const,
        dims: [BATCH, config.num_key_value_heads, rows, headSize(config)],
      })),
    ).flat();
  return {
    inputs: [
      ids('input_ids', SEQUENCE),
      ids('attention_mask', TOTAL),
      ids('position_ids', SEQUENCE),
      ...caches('past_key_values', 'past_sequence_length'),
    ],
    outputs: [
      { name: 'logits', dtype: 'f32', dims: [BATCH, SEQUENCE, config.vocab_size] },
      ...caches('present', TOTAL),
    ],
  };
}
