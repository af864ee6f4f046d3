import type { Hub } from '../state/hub.ts';
import { judgedThrough } from '../state/questions.ts';

/** Shards that enough verifiers, and all that are online, have judged need not be sent again. */
export function forgetJudged(hub: Hub): void {
  let through = judgedThrough(hub);
  for (const key of hub.verifiers.keys()) through = Math.min(through, hub.judged.get(key) ?? -1);
  for (const sequence of hub.unjudged.keys()) {
    if (sequence > through) return;
    hub.unjudged.delete(sequence);
  }
}
