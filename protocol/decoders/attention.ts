import { intAttribute, intsAttribute } from '../onnx/model.ts';
import { type Build, integers, number } from './build.ts';
import { headSize } from './config.ts';
import { addLinear } from './linear.ts';
import { type Rotation, rotate } from './rotary.ts';

/** What all layers share. */
export interface Shared {
  rotation: Rotation;
  /** Added to scores: 0 where a token may look, f32 [batch, 1, 1, sequence, total]. */
  bias: string;
}

/** Scores so low that their weight is zero, and finite, so that a row without any token has no NaN. */
const NEVER = -1e9;

/**
 * Each token looks at rows of the cache up to its own that `attention_mask` keeps. Rows count by
 * their place: those of `input_ids` are the last.
 */
export function addBias(build: Build): string {
  const { graph } = build;
  const size = (of: string) =>
    graph.node('Gather', [graph.node('Shape', [of]), graph.scalar(`axis of ${of}`, 1)]);
  const total = size('attention_mask');
  const start = graph.node('Sub', [total, size('input_ids')]);
  const one = graph.scalar('one', 1);
  const unsqueeze = (of: string, ...axes: number[]) =>
    graph.node('Unsqueeze', [of, integers(build, ...axes)]);
  const rows = unsqueeze(graph.node('Range', [graph.scalar('zero', 0), total, one]), 0, 1);
  const tokens = unsqueeze(graph.node('Range', [start, total, one]), 0, 2);
  const before = graph.node('LessOrEqual', [rows, tokens]);
  const kept = graph.node('Greater', [unsqueeze('attention_mask', 1), integers(build, 0)]);
  const seen = graph.node('And', [before, kept]);
  const bias = graph.node('Where', [seen, number(build, 0), number(build, NEVER)]);
  return unsqueeze(bias, 1, 2);
}

/**
 * Attention with grouped heads of keys and values, f32 [batch, sequence, hidden] in and out. Adds its
 * rows to `past_key_values.N`, which gives `present.N`.
 */
export function addAttention(
  build: Build,
  input: string,
  { layer, rotation, bias }: Shared & { layer: number },
): string {
  const { graph, config } = build;
  const { num_attention_heads: heads, num_key_value_heads: kvHeads, hidden_size: hidden } = config;
  const size = headSize(config);
  const name = (part: string) => `model.layers.${layer}.self_attn.${part}_proj.weight`;
  const project = (part: string, count: number) => {
    const to = count * size;
    const rows = addLinear(build, input, { name: name(part), from: hidden, to });
    const apart = graph.node('Reshape', [rows, integers(build, 0, 0, count, size)]);
    return swap(build, apart, [0, 2, 1, 3]);
  };
  const queries = rotate(build, project('q', heads), rotation);
  const grow = (part: string, rows: string) => {
    const attributes = [intAttribute('axis', 2)];
    const past = `past_key_values.${layer}.${part}`;
    const output = `present.${layer}.${part}`;
    const all = graph.node('Concat', [past, rows], { attributes, output });
    return graph.node('Unsqueeze', [all, integers(build, 2)]);
  };
  const keys = grow('key', rotate(build, project('k', kvHeads), rotation));
  const values = grow('value', project('v', kvHeads));
  const scaled = graph.node('Mul', [queries, number(build, 1 / Math.sqrt(size))]);
  const groups = integers(build, 0, kvHeads, heads / kvHeads, -1, size);
  const grouped = graph.node('Reshape', [scaled, groups]);
  const scores = graph.node('MatMul', [grouped, swap(build, keys, [0, 1, 2, 4, 3])]);
  const shares = graph.node('Softmax', [graph.node('Add', [scores, bias])], {
    attributes: [intAttribute('axis', -1)],
  });
  const mixed = graph.node('MatMul', [shares, values]);
  const apart = graph.node('Reshape', [mixed, integers(build, 0, heads, -1, size)]);
  const flat = integers(build, 0, 0, heads * size);
  const joined = graph.node('Reshape', [swap(build, apart, [0, 2, 1, 3]), flat]);
  return addLinear(build, joined, { name: name('o'), from: heads * size, to: hidden });
}

const swap = ({ graph }: Build, input: string, axes: number[]): string =>
  graph.node('Transpose', [input], { attributes: [intsAttribute('perm', axes)] });
