import { type GraphBuilder, openGraph } from '#protocol/onnx/graph.ts';
import { floatAttribute, intAttribute, intsAttribute } from '#protocol/onnx/model.ts';
import { openRandom, type Random } from './random.ts';
import { drawWeights } from './weights.ts';

export interface MiniLmConfig {
  layers: number;
  hidden: number;
  heads: number;
  vocab: number;
  /** Tokens of an item; the position table has 512 rows whatever this is. */
  seq: number;
}

/** An encoder whose sequences have any length up to 512. */
export type FreeConfig = Omit<MiniLmConfig, 'seq'>;

/** The shape of all-MiniLM-L6-v2: 22.7 million parameters. */
export const MINILM: MiniLmConfig = { layers: 6, hidden: 384, heads: 12, vocab: 30_522, seq: 128 };

const POSITIONS = 512;
const TOKEN_TYPES = 2;
const EPSILON = 1e-12;

/** Weights of a model by the names they have in the graph; those that are absent are drawn. */
export type GivenWeights = ReadonlyMap<string, Float32Array>;

interface Encoder extends FreeConfig {
  graph: GraphBuilder;
  random: Random;
  seq?: number;
  given?: GivenWeights;
}

const weigh = (
  { random, given }: Encoder,
  name: string,
  { count, deviation }: { count: number; deviation: number },
) => given?.get(name) ?? drawWeights(random, count, deviation);

/**
 * A BERT encoder with weights drawn from a seed: `input_ids` and `attention_mask` i64 [batch, seq]
 * →
 * `embedding` f32 [batch, hidden], the mean over unmasked tokens through BERT's pooling layer.
 * It computes nothing of use: it has the shape, the size and the cost of the real one.
 */
export function buildMiniLm(
  seed: number,
  config: MiniLmConfig = MINILM,
): { model: Uint8Array; parameters: number } {
  const encoder: Encoder = { ...config, graph: openGraph(), random: openRandom(seed) };
  const { graph, hidden } = encoder;
  const { tokens, mask } = addLayers(encoder);
  const pooled = addLinear(encoder, 'pooler', {
    input: addMean(encoder, tokens, mask),
    from: hidden,
    to: hidden,
  });
  graph.node('Tanh', [pooled], { output: 'embedding' });
  const model = graph.encode({
    name: 'minilm',
    inputs: ['input_ids', 'attention_mask'].map((name) => ({
      name,
      dtype: 'i64',
      dims: ['batch', config.seq],
    })),
    outputs: [{ name: 'embedding', dtype: 'f32', dims: ['batch', hidden] }],
  });
  return { model, parameters: graph.parameterCount() };
}

/** What an encoder ends in: the vectors of its tokens, or numbers of each, or of the first one. */
export type EncoderEnd = 'vectors' | { each: number } | { first: number };

/**
 * A BERT encoder as it is published: `input_ids`, `attention_mask` and `token_type_ids` i64
 * [batch, sequence] → `last_hidden_state`, or `logits` of each token or of the item. Weights that are
 * not given are drawn from a seed.
 */
export function buildBert(
  seed: number,
  config: FreeConfig & { given?: GivenWeights },
  end: EncoderEnd,
): Uint8Array {
  const encoder: Encoder = { ...config, graph: openGraph(), random: openRandom(seed) };
  const { graph, hidden } = encoder;
  const types = 'token_type_ids';
  const { tokens } = addLayers(encoder, types);
  const output = end === 'vectors' ? 'last_hidden_state' : 'logits';
  const axes = ['batch', 'sequence'];
  if (end === 'vectors') graph.node('Identity', [tokens], { output });
  else {
    const first = { attributes: [intAttribute('axis', 1)] };
    const place = graph.scalar('first', 0);
    const input = 'each' in end ? tokens : graph.node('Gather', [tokens, place], first);
    const to = 'each' in end ? end.each : end.first;
    const logits = addLinear(encoder, 'head', { input, from: hidden, to });
    graph.node('Mul', [logits, scalar(graph, 'apart', 8)], { output });
  }
  const dims =
    end === 'vectors'
      ? [...axes, hidden]
      : 'each' in end
        ? [...axes, end.each]
        : ['batch', end.first];
  return graph.encode({
    name: 'bert',
    inputs: ['input_ids', 'attention_mask', types].map((name) => ({
      ...{ name, dtype: 'i64', dims: axes },
    })),
    outputs: [{ name: output, dtype: 'f32', dims }],
  });
}

function addLayers(encoder: Encoder, types?: string): { tokens: string; mask: string } {
  const { graph, layers } = encoder;
  const mask = graph.node('Cast', ['attention_mask'], { attributes: [intAttribute('to', 1)] });
  const bias = addMaskBias(encoder, mask);
  let tokens = addEmbeddings(encoder, types);
  for (let layer = 0; layer < layers; layer++) {
    tokens = addLayer(encoder, { name: `layer${layer}`, tokens, bias });
  }
  return { tokens, mask };
}

const scalar = (graph: GraphBuilder, name: string, value: number) =>
  graph.floats(name, [], Float32Array.of(value));

/**
 * 0 where a token counts and −10000 where it does not: [batch, 1, 1, seq], added before softmax.
 */
function addMaskBias({ graph }: Encoder, mask: string): string {
  const absent = graph.node('Sub', [scalar(graph, 'one', 1), mask]);
  const scaled = graph.node('Mul', [absent, scalar(graph, 'masked', -10_000)]);
  return graph.node('Unsqueeze', [scaled, graph.integers('mask.axes', [1, 2])]);
}

function addEmbeddings(encoder: Encoder, given?: string): string {
  const { graph, hidden, vocab, seq } = encoder;
  const table = (name: string, rows: number) =>
    graph.floats(
      name,
      [rows, hidden],
      weigh(encoder, name, { count: rows * hidden, deviation: 0.05 }),
    );
  const words = graph.node('Gather', [table('words', vocab), 'input_ids']);
  const places = addPlaces(graph, seq);
  const positions = graph.node('Gather', [table('positions', POSITIONS), places]);
  const type = given ?? graph.integers('type0', [0]);
  const types = graph.node('Gather', [table('types', TOKEN_TYPES), type]);
  const sum = graph.node('Add', [graph.node('Add', [words, positions]), types]);
  return addNorm(encoder, 'embeddings.norm', sum);
}

/** The number of each token, of as many as there are where `seq` does not say. */
function addPlaces(graph: GraphBuilder, seq: number | undefined): string {
  if (seq !== undefined) {
    return graph.integers(
      'places',
      Array.from({ length: seq }, (_, place) => place),
    );
  }
  const shape = graph.node('Shape', ['input_ids']);
  const [zero, one] = [graph.scalar('zero', 0), graph.scalar('step', 1)];
  const length = graph.node('Gather', [shape, one]);
  return graph.node('Range', [zero, length, one]);
}

function addNorm({ graph, hidden, given }: Encoder, name: string, input: string): string {
  const fill = (part: string, value: number) => {
    const values = given?.get(`${name}.${part}`) ?? new Float32Array(hidden).fill(value);
    return graph.floats(`${name}.${part}`, [hidden], values);
  };
  const [scale, shift] = [fill('scale', 1), fill('shift', 0)];
  return graph.node('LayerNormalization', [input, scale, shift], {
    attributes: [intAttribute('axis', -1), floatAttribute('epsilon', EPSILON)],
  });
}

/** input · weight + bias, the variance kept: deviation 1/√from. */
function addLinear(
  encoder: Encoder,
  name: string,
  { input, from, to }: { input: string; from: number; to: number },
): string {
  const { graph } = encoder;
  const fill = (part: string, dims: number[], deviation: number) => {
    const count = dims.reduce((product, size) => product * size, 1);
    const values = weigh(encoder, `${name}.${part}`, { count, deviation });
    return graph.floats(`${name}.${part}`, dims, values);
  };
  const weight = fill('weight', [from, to], 1 / Math.sqrt(from));
  const bias = fill('bias', [to], 0.02);
  return graph.node('Add', [graph.node('MatMul', [input, weight]), bias]);
}

interface LayerEnds {
  name: string;
  tokens: string;
  bias: string;
}

function addLayer(encoder: Encoder, ends: LayerEnds): string {
  const { graph, hidden } = encoder;
  const { name, tokens } = ends;
  const attended = graph.node('Add', [addAttention(encoder, ends), tokens]);
  const middle = addNorm(encoder, `${name}.attention.norm`, attended);
  const wide = addLinear(encoder, `${name}.wide`, { input: middle, from: hidden, to: 4 * hidden });
  const narrow = addLinear(encoder, `${name}.narrow`, {
    input: addGelu(encoder, name, wide),
    from: 4 * hidden,
    to: hidden,
  });
  return addNorm(encoder, `${name}.norm`, graph.node('Add', [narrow, middle]));
}

/** x · Φ(x), by the error function as BERT has it. */
function addGelu({ graph }: Encoder, name: string, input: string): string {
  const scaled = graph.node('Div', [input, scalar(graph, `${name}.root2`, Math.SQRT2)]);
  const erf = graph.node('Erf', [scaled]);
  const shifted = graph.node('Add', [erf, scalar(graph, `${name}.one`, 1)]);
  const product = graph.node('Mul', [input, shifted]);
  return graph.node('Mul', [product, scalar(graph, `${name}.half`, 0.5)]);
}

function addAttention(encoder: Encoder, { name, tokens, bias }: LayerEnds): string {
  const { graph, hidden, heads, seq } = encoder;
  const width = hidden / heads;
  // 0 keeps the batch as it comes.
  const split = graph.integers(`${name}.split`, [0, seq ?? -1, heads, width]);
  const project = (part: string, perm: number[]) => {
    const flat = addLinear(encoder, `${name}.${part}`, { input: tokens, from: hidden, to: hidden });
    const apart = graph.node('Reshape', [flat, split]);
    return graph.node('Transpose', [apart], { attributes: [intsAttribute('perm', perm)] });
  };
  const query = project('query', [0, 2, 1, 3]);
  const key = project('key', [0, 2, 3, 1]);
  const value = project('value', [0, 2, 1, 3]);
  const raw = graph.node('MatMul', [query, key]);
  const scaled = graph.node('Mul', [raw, scalar(graph, `${name}.scale`, 1 / Math.sqrt(width))]);
  const shares = graph.node('Softmax', [graph.node('Add', [scaled, bias])], {
    attributes: [intAttribute('axis', -1)],
  });
  const mixed = graph.node('Transpose', [graph.node('MatMul', [shares, value])], {
    attributes: [intsAttribute('perm', [0, 2, 1, 3])],
  });
  const joined = graph.node('Reshape', [
    mixed,
    graph.integers(`${name}.join`, [0, seq ?? -1, hidden]),
  ]);
  return addLinear(encoder, `${name}.out`, { input: joined, from: hidden, to: hidden });
}

/** Mean over the unmasked tokens; of none, zero. */
function addMean({ graph }: Encoder, tokens: string, mask: string): string {
  const column = graph.node('Unsqueeze', [mask, graph.integers('column', [-1])]);
  const axis = graph.integers('token.axis', [1]);
  const attributes = [intAttribute('keepdims', 0)];
  const kept = graph.node('Mul', [tokens, column]);
  const sum = graph.node('ReduceSum', [kept, axis], { attributes });
  const count = graph.node('ReduceSum', [column, axis], { attributes });
  const divisor = graph.node('Max', [count, scalar(graph, 'least', 1)]);
  return graph.node('Div', [sum, divisor]);
}
