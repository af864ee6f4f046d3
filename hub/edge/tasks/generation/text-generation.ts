import { SLICE_TOKENS_MAX } from '#protocol/generation/slice.ts';
import type { Tensor } from '#protocol/tensors/tensor.ts';
import { must } from '#protocol/values/refusal.ts';
import type { Task } from '../port.ts';
import { openTokenizer } from '../tokenizer.ts';

/** Texts that go on behind prompts. */
export const textGeneration: Task = {
  options: ['newTokens', 'temperature', 'topP', 'topK', 'seed', 'system'],
  openAnswers({ settings }) {
    const tokenizer = must(openTokenizer(settings));
    return ({ outputs }) => {
      const counts = intsOf(outputs.get('count'));
      const tokens = intsOf(outputs.get('tokens'));
      const ends = intsOf(outputs.get('end'));
      return Array.from(counts, (count, item) => {
        const from = item * SLICE_TOKENS_MAX;
        const ids = [...tokens.subarray(from, from + count)];
        const finish = ends[item] === 1 ? 'stop' : 'length';
        return { text: tokenizer.decode(ids, true), tokens: ids.length, finish };
      });
    };
  },
};

/** The numbers of an i32 tensor. */
function intsOf(tensor: Tensor | undefined): Int32Array {
  return new Int32Array((tensor?.data ?? new Uint8Array(0)).slice().buffer);
}
