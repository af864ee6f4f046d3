import type { Key } from '#protocol/settlement/layout.ts';
import type { MoneyFacts } from '#protocol/settlement/period-leaves.ts';
import type { Result } from '#protocol/values/refusal.ts';
import { type Recomputed, recompute } from '../../core/money/recompute.ts';

/** Builds both trees of a period away from the page: a million leaves take seconds. */
export interface RecomputeAsk {
  file: Uint8Array;
  facts: MoneyFacts;
  pool: Key;
}
export type RecomputeReply = Result<Recomputed>;

addEventListener('message', ({ data }: MessageEvent<RecomputeAsk>) => {
  postMessage(recompute(data.file, data) satisfies RecomputeReply);
});
