import { type TensorSpec, unitBytes } from '../tensors/tensor.ts';
import { fault } from '../values/refusal.ts';
import type { Sampling } from './sampler.ts';

/** Tokens that one slice writes at most. */
export const SLICE_TOKENS_MAX = 256;
/** Logits that are told of each token: the largest. */
export const TOP_LOGITS = 8;

/** A slice of a text: continue these tokens by at most `limit`. */
export interface Slice extends Sampling {
  /** The text so far, prompt and all; at least one token. */
  ids: readonly number[];
  /** At most `SLICE_TOKENS_MAX`. */
  limit: number;
}

/** Why a slice ended: its limit was reached, or the model ended the text. */
export type SliceEnd = 'limit' | 'stop';

/** What a slice came to. */
export interface WrittenSlice {
  /** The end token counts, where there is one. */
  tokens: number[];
  end: SliceEnd;
  /** By token, the largest first: `TOP_LOGITS` each. */
  topIds: number[][];
  topLogits: number[][];
  /** By token: ln Σ exp(logit). */
  logSums: number[];
}

const one = (name: string, dtype: 'i32' | 'f32') => ({ name, dtype, shape: [1, 1] });

/** Inputs of a unit for a model that takes so many tokens. Rows are filled up with 0. */
export const sliceInputs = (context: number): TensorSpec[] => [
  { name: 'ids', dtype: 'i32', shape: [1, context] },
  ...[one('length', 'i32'), one('limit', 'i32'), one('seed', 'i32')],
  ...[one('temperature', 'f32'), one('top_p', 'f32'), one('top_k', 'i32')],
];

/** Outputs of a unit. Places behind `count` are 0. `end`: 0 the limit, 1 an end token. */
export const SLICE_OUTPUTS: readonly TensorSpec[] = [
  { name: 'tokens', dtype: 'i32', shape: [1, SLICE_TOKENS_MAX] },
  ...[one('count', 'i32'), one('end', 'i32')],
  { name: 'log_sums', dtype: 'f32', shape: [1, SLICE_TOKENS_MAX] },
  { name: 'top_ids', dtype: 'i32', shape: [1, SLICE_TOKENS_MAX, TOP_LOGITS] },
  { name: 'top_logits', dtype: 'f32', shape: [1, SLICE_TOKENS_MAX, TOP_LOGITS] },
];

/** The bytes of a unit. Throws where the text is empty or does not fit `context` with what is to come. */
export function packSlice(slice: Slice, context: number): Uint8Array<ArrayBuffer> {
  const { ids, limit, seed, temperature, topP, topK } = slice;
  if (ids.length < 1 || ids.length + limit > context) {
    const message = `a text of ${ids.length} tokens with ${limit} to come does not fit the ${context} of the model`;
    throw fault('input-too-big', message);
  }
  const view = new DataView(new ArrayBuffer(unitBytes(sliceInputs(context))));
  for (const [at, id] of ids.entries()) view.setInt32(at * 4, id, true);
  const rest = context * 4;
  view.setInt32(rest, ids.length, true);
  view.setInt32(rest + 4, limit, true);
  view.setUint32(rest + 8, seed, true);
  view.setFloat32(rest + 12, temperature, true);
  view.setFloat32(rest + 16, topP, true);
  view.setInt32(rest + 20, topK, true);
  return new Uint8Array(view.buffer);
}

/** A slice out of the bytes of a unit. Throws where they are none. */
export function readSlice(bytes: Uint8Array, context: number): Slice {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const rest = context * 4;
  const length = view.getInt32(rest, true);
  const limit = view.getInt32(rest + 4, true);
  const [temperature, topP] = [view.getFloat32(rest + 12, true), view.getFloat32(rest + 16, true)];
  const topK = view.getInt32(rest + 20, true);
  const fits = length >= 1 && limit >= 1 && limit <= SLICE_TOKENS_MAX && length + limit <= context;
  if (!fits || !(temperature >= 0) || !(topP > 0) || topK < 0) {
    const message = `the unit is no slice of a text: ${length} tokens, ${limit} to come, temperature ${temperature}, top_p ${topP}, top_k ${topK}`;
    throw fault('model-run-failed', message);
  }
  const ids = Array.from({ length }, (_, at) => view.getInt32(at * 4, true));
  return { ids, limit, seed: view.getUint32(rest + 8, true), temperature, topP, topK };
}

/** Where each output lies in the bytes of a unit. */
const PLACES = Object.fromEntries(
  SLICE_OUTPUTS.map(({ name }, at) => [name, unitBytes(SLICE_OUTPUTS.slice(0, at))]),
);
const placeOf = (name: string): number => PLACES[name] ?? 0;

/** The output bytes of a unit. */
export function packWritten(written: WrittenSlice): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(unitBytes(SLICE_OUTPUTS)));
  const int = (name: string, at: number, value: number) =>
    view.setInt32(placeOf(name) + at * 4, value, true);
  const float = (name: string, at: number, value: number) =>
    view.setFloat32(placeOf(name) + at * 4, value, true);
  int('count', 0, written.tokens.length);
  int('end', 0, written.end === 'stop' ? 1 : 0);
  for (const [at, token] of written.tokens.entries()) {
    int('tokens', at, token);
    float('log_sums', at, written.logSums[at] ?? 0);
    for (let top = 0; top < TOP_LOGITS; top += 1) {
      int('top_ids', at * TOP_LOGITS + top, written.topIds[at]?.[top] ?? 0);
      float('top_logits', at * TOP_LOGITS + top, written.topLogits[at]?.[top] ?? 0);
    }
  }
  return new Uint8Array(view.buffer);
}

/** What the output bytes of a unit say; any bytes of that length say something. */
export function readWritten(bytes: Uint8Array): WrittenSlice {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const int = (name: string, at: number) => view.getInt32(placeOf(name) + at * 4, true);
  const float = (name: string, at: number) => view.getFloat32(placeOf(name) + at * 4, true);
  const length = Math.min(Math.max(int('count', 0), 0), SLICE_TOKENS_MAX);
  const each = <T>(read: (at: number) => T): T[] => Array.from({ length }, (_, at) => read(at));
  const tops = (read: (at: number) => number) =>
    each((at) => Array.from({ length: TOP_LOGITS }, (_, top) => read(at * TOP_LOGITS + top)));
  return {
    tokens: each((at) => int('tokens', at)),
    end: int('end', 0) === 1 ? 'stop' : 'limit',
    topIds: tops((at) => int('top_ids', at)),
    topLogits: tops((at) => float('top_logits', at)),
    logSums: each((at) => float('log_sums', at)),
  };
}
