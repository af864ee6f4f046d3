import type { InferenceSession, Tensor } from 'onnxruntime-common';
import type { Decoder, StepRule } from '#protocol/models/decoder.ts';
import { fault } from '#protocol/values/refusal.ts';
import type { Runtime } from '../kind.ts';

const PAST = 'past_key_values.';
const PRESENT = 'present.';

/** A text as a model knows it: its tokens, and their keys and values. */
export interface TextCache {
  readonly ids: readonly number[];
  /**
   * Runs the next tokens of the text, and gives the logits behind each: rows of the vocabulary, end
   * to end.
   */
  feed(ids: readonly number[]): Promise<Float32Array>;
  /** Forgets all behind the first `length` tokens. */
  keep(length: number): void;
}

type Past = Record<string, Tensor>;

/** Opens a text of no tokens over a session whose tensors go by the names of Hugging Face's exports. */
export function openTextCache(
  runtime: Runtime,
  session: InferenceSession,
  { decoder, rule }: { decoder: Decoder; rule: StepRule },
): TextCache {
  const { kvHeads, headDim, vocab } = decoder;
  const names = session.inputNames.filter((name) => name.startsWith(PAST));
  const empty = () => new runtime.Tensor('float32', new Float32Array(0), [1, kvHeads, 0, headDim]);
  const i64 = (values: readonly number[]) =>
    new runtime.Tensor('int64', BigInt64Array.from(values, BigInt), [1, values.length]);
  let ids: number[] = [];
  let past: Past = Object.fromEntries(names.map((name) => [name, empty()]));
  return {
    get ids() {
      return ids;
    },
    async feed(next) {
      const from = ids.length;
      const rows = [...next, ...Array.from({ length: fillers(rule, from, next.length) }, () => 0)];
      const feeds: Record<string, Tensor> = {
        input_ids: i64(rows),
        attention_mask: i64(Array.from({ length: from + rows.length }, () => 1)),
        ...past,
      };
      if (session.inputNames.includes('position_ids')) {
        feeds['position_ids'] = i64(rows.map((_, at) => from + at));
      }
      const results = await session.run(feeds);
      const logits = results['logits']?.data;
      if (!(logits instanceof Float32Array) || logits.length !== rows.length * vocab) {
        const message = `logits came as ${results['logits']?.type} [${results['logits']?.dims.join(', ')}] where [1, ${rows.length}, ${vocab}] of float32 was due`;
        throw fault('model-outputs-unsupported', message);
      }
      past = Object.fromEntries(names.map((name) => [name, presentOf(results, name)]));
      ids = [...ids, ...rows];
      this.keep(from + next.length);
      return logits.subarray(0, next.length * vocab);
    },
    keep(length) {
      if (length >= ids.length) return;
      ids = ids.slice(0, length);
      past = Object.fromEntries(
        Object.entries(past).map(([name, tensor]) => [name, cutRows(runtime, tensor, length)]),
      );
    },
  };
}

/** How many rows are added behind so that a run keeps to its rule. */
function fillers({ kvMultiple, rowsMin }: StepRule, past: number, rows: number): number {
  const least = Math.max(rows, rowsMin);
  return Math.ceil((past + least) / kvMultiple) * kvMultiple - past - rows;
}

function presentOf(results: InferenceSession.ReturnType, past: string): Tensor {
  const tensor = results[past.replace(PAST, PRESENT)];
  if (tensor !== undefined) return tensor;
  const message = `the model gave no ${past.replace(PAST, PRESENT)}; export it with its cache`;
  throw fault('model-outputs-unsupported', message);
}

/** The first rows of a [1, heads, rows, numbers] tensor. */
function cutRows(runtime: Runtime, tensor: Tensor, length: number): Tensor {
  const [, heads = 1, rows = 0, size = 0] = tensor.dims;
  const data = tensor.data as Float32Array;
  const kept = new Float32Array(heads * length * size);
  for (let head = 0; head < heads; head += 1) {
    const from = head * rows * size;
    kept.set(data.subarray(from, from + length * size), head * length * size);
  }
  return new runtime.Tensor('float32', kept, [1, heads, length, size]);
}
