import { logSum, sampleToken, topTokens } from '#protocol/generation/sampler.ts';
import { type Slice, TOP_LOGITS, type WrittenSlice } from '#protocol/generation/slice.ts';
import type { TextCache } from './text-cache.ts';

/** Tokens that are run at once where they are known: a prompt, or a text to be checked. */
const CHUNK = 64;

/** How a slice is written. */
export interface Writing {
  vocab: number;
  ends: readonly number[];
  /** Tokens that somebody says come next: right ones cost no step of their own. */
  guess?: readonly number[];
  /** Between two runs of the model: what it throws ends the slice. */
  between?(): Promise<void>;
}

/**
 * Continues the text of a slice. What the cache has of the text already is not run again. With a
 * model that keeps to its step rule, a guess changes no bit of what comes out.
 */
export async function writeSlice(
  cache: TextCache,
  slice: Slice,
  { vocab, ends, guess = [], between }: Writing,
): Promise<WrittenSlice> {
  const written: WrittenSlice = {
    ...{ tokens: [], end: 'limit', topIds: [], topLogits: [], logSums: [] },
  };
  const { tokens } = written;
  const take = (logits: Float32Array): number => {
    const token = sampleToken(logits, slice, slice.ids.length + tokens.length);
    tokens.push(token);
    const tops = topTokens(logits, TOP_LOGITS);
    written.topIds.push(tops);
    written.topLogits.push(tops.map((top) => logits[top] ?? 0));
    written.logSums.push(logSum(logits));
    return token;
  };
  cache.keep(Math.min(sharedLength(cache.ids, slice.ids), slice.ids.length - 1));
  let pending = slice.ids.slice(cache.ids.length);
  while (pending.length > CHUNK) {
    await cache.feed(pending.slice(0, CHUNK));
    pending = pending.slice(CHUNK);
    await between?.();
  }
  let ahead = guess;
  for (;;) {
    const left = slice.limit - tokens.length;
    const most = Math.min(CHUNK - pending.length, left - 1);
    const rows = [...pending, ...ahead.slice(tokens.length, tokens.length + most)];
    const logits = await cache.feed(rows);
    for (let row = pending.length - 1; row < rows.length; row += 1) {
      const token = take(logits.subarray(row * vocab, (row + 1) * vocab));
      if (ends.includes(token)) written.end = 'stop';
      if (written.end === 'stop' || (row + 1 < rows.length && rows[row + 1] !== token)) {
        ahead = [];
        break;
      }
    }
    cache.keep(slice.ids.length + tokens.length - 1);
    if (written.end === 'stop' || tokens.length >= slice.limit) return written;
    pending = tokens.slice(-1);
    await between?.();
  }
}

function sharedLength(a: readonly number[], b: readonly number[]): number {
  const differs = a.findIndex((id, at) => b[at] !== id);
  return differs === -1 ? a.length : differs;
}
