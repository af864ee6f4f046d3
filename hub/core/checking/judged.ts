import type { VerifierSession } from '../state/device.ts';
import { decline, store, type Turn } from '../turn.ts';

/** A verifier has judged every draw up to a sequence. */
export function receiveJudged(turn: Turn, verifier: VerifierSession, through: number): void {
  if (through <= (turn.hub.judged.get(verifier.key) ?? -1)) return;
  if (through > verifier.sentThrough) {
    const message = `judged ${through} is ahead of ${verifier.sentThrough}, the last shard sent`;
    return decline(turn, verifier.socket, { code: 'message-out-of-order', message });
  }
  store(turn, [{ type: 'judged', verifier: verifier.key, through }]);
}
