import { type DecoderConfig, type DecoderWeights, headSize } from '#protocol/decoders/config.ts';
import { fault } from '#protocol/values/refusal.ts';
import { dequantise } from './dequantise.ts';
import type { GgufFile } from './file.ts';
import { openMetadata } from './metadata.ts';

/** The architecture that is converted, as `general.architecture` names it. */
const LLAMA = 'llama';
/** Longer texts fit into no device's cache: the tables of positions have no more rows. */
const CONTEXT_MAX = 8192;
const LAYERS_MAX = 512;

/** What a file says of the shape of its model. Throws a refusal for another family than Llama's. */
export function readConfig(file: GgufFile): DecoderConfig {
  const { count, number, name } = openMetadata(file);
  const architecture = name('general.architecture');
  if (architecture !== LLAMA) {
    const message = `The GGUF file holds a model of the architecture "${architecture}", and only "${LLAMA}" is converted. Take a model of that family, such as SmolLM2, or export this one with optimum-cli and add its folder.`;
    throw fault('model-format', message);
  }
  const scaling = name(`${LLAMA}.rope.scaling.type`, 'none');
  if (scaling !== 'none') throw unlike(`scales its positions ("${scaling}")`);
  const heads = count(`${LLAMA}.attention.head_count`);
  const hidden = count(`${LLAMA}.embedding_length`);
  const size = count(`${LLAMA}.rope.dimension_count`, hidden / heads);
  const config: DecoderConfig = {
    hidden_size: hidden,
    num_hidden_layers: count(`${LLAMA}.block_count`),
    num_attention_heads: heads,
    num_key_value_heads: count(`${LLAMA}.attention.head_count_kv`, heads),
    intermediate_size: count(`${LLAMA}.feed_forward_length`),
    vocab_size: file.tensors.get('token_embd.weight')?.shape[0] ?? 0,
    rms_norm_eps: number(`${LLAMA}.attention.layer_norm_rms_epsilon`),
    rope_theta: number(`${LLAMA}.rope.freq_base`, 10_000),
    max_position_embeddings: Math.min(count(`${LLAMA}.context_length`), CONTEXT_MAX),
    tie_word_embeddings: !file.tensors.has('output.weight'),
    ...(size * heads === hidden ? {} : { head_dim: size }),
  };
  checkShape(config);
  return config;
}

/**
 * The weights of a file by their names in transformers. Throws a refusal where one is missing, has
 * another shape, or belongs to another kind of model.
 */
export function readWeights(file: GgufFile, config: DecoderConfig): DecoderWeights {
  const expected = placesOf(config);
  const names = new Set([...expected.values()].map(({ from }) => from));
  const odd = [...file.tensors.keys()].find((name) => !names.has(name));
  if (odd !== undefined) throw unlike(`has a tensor "${odd}"`);
  for (const { from, shape } of expected.values()) {
    const has = file.tensors.get(from)?.shape;
    if (`${has}` !== `${shape}`) {
      const found = has === undefined ? 'is missing' : `has the shape [${has.join(', ')}]`;
      const message = `Tensor "${from}" of the GGUF file ${found}, and its model needs [${shape.join(', ')}]. Download the file again.`;
      throw fault('model-format', message);
    }
  }
  return (name) => {
    const { from = '', turned } = expected.get(name) ?? {};
    const tensor = file.tensors.get(from);
    if (tensor === undefined) throw new RangeError(`${name} is no weight of this model`);
    const values = dequantise(tensor);
    return turned === undefined ? values : uncross(values, config, turned);
  };
}

const unlike = (what: string) =>
  fault(
    'model-format',
    `The model of the GGUF file ${what}, which plain Llama models do not. Take another model of that family, such as SmolLM2.`,
  );

function checkShape(config: DecoderConfig): void {
  const { num_attention_heads: heads, num_key_value_heads: kvHeads } = config;
  const counts = [heads, kvHeads, config.num_hidden_layers, config.max_position_embeddings];
  const isSound =
    counts.every((count) => count > 0) &&
    config.num_hidden_layers <= LAYERS_MAX &&
    heads % kvHeads === 0 &&
    headSize(config) % 2 === 0 &&
    config.rms_norm_eps > 0 &&
    config.rope_theta > 0;
  if (!isSound) throw unlike('has numbers of heads, layers or positions');
}

/** Where a weight lies, and for which number of heads its rows have to be put in order. */
interface Place {
  from: string;
  shape: number[];
  turned?: number;
}

function placesOf(config: DecoderConfig): Map<string, Place> {
  const { hidden_size: hidden, intermediate_size: inner, vocab_size: vocab } = config;
  const { num_attention_heads: heads, num_key_value_heads: kvHeads } = config;
  const size = headSize(config);
  const places = new Map<string, Place>([
    ['model.embed_tokens.weight', { from: 'token_embd.weight', shape: [vocab, hidden] }],
    ['model.norm.weight', { from: 'output_norm.weight', shape: [hidden] }],
  ]);
  if (!config.tie_word_embeddings) {
    places.set('lm_head.weight', { from: 'output.weight', shape: [vocab, hidden] });
  }
  for (let layer = 0; layer < config.num_hidden_layers; layer += 1) {
    const put = (name: string, from: string, more: Omit<Place, 'from'>) =>
      places.set(`model.layers.${layer}.${name}.weight`, {
        ...{ from: `blk.${layer}.${from}.weight`, ...more },
      });
    put('input_layernorm', 'attn_norm', { shape: [hidden] });
    put('post_attention_layernorm', 'ffn_norm', { shape: [hidden] });
    put('self_attn.q_proj', 'attn_q', { shape: [heads * size, hidden], turned: heads });
    put('self_attn.k_proj', 'attn_k', { shape: [kvHeads * size, hidden], turned: kvHeads });
    put('self_attn.v_proj', 'attn_v', { shape: [kvHeads * size, hidden] });
    put('self_attn.o_proj', 'attn_output', { shape: [hidden, heads * size] });
    put('mlp.gate_proj', 'ffn_gate', { shape: [inner, hidden] });
    put('mlp.up_proj', 'ffn_up', { shape: [inner, hidden] });
    put('mlp.down_proj', 'ffn_down', { shape: [hidden, inner] });
  }
  return places;
}

/**
 * Undoes what llama.cpp does to rows of queries and keys (`permute` of convert_hf_to_gguf.py): there
 * the two numbers that a rotation mixes are neighbours, here they are half a head apart.
 */
function uncross(values: Float32Array, config: DecoderConfig, heads: number): Float32Array {
  const { hidden_size: hidden } = config;
  const half = headSize(config) / 2;
  const ordered = new Float32Array(values.length);
  for (let row = 0; row < heads * half * 2; row += 1) {
    const head = Math.floor(row / (half * 2));
    const [pair, second] = [(row % (half * 2)) >> 1, row % 2];
    const to = head * half * 2 + second * half + pair;
    ordered.set(values.subarray(row * hidden, (row + 1) * hidden), to * hidden);
  }
  return ordered;
}
