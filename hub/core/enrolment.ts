import type { PublicKey } from '#protocol/ids.ts';
import { type Refusal, refusal } from '#protocol/refusal.ts';
import { forgetOpinions } from './disputes.ts';
import { refuseSession, store, type Turn } from './effects.ts';
import type { Fact, RequestId } from './events.ts';
import { releaseShards } from './release.ts';
import { closeSession } from './session.ts';
import { endDisputes, finishJobs } from './verdicts.ts';

/** Who verifies: an operator's word, kept as facts. */
export function enrolVerifier(turn: Turn, key: PublicKey): Fact[] | Refusal {
  const { hub, world } = turn;
  if (hub.removed.has(key)) {
    const message = `verifier ${key} was removed, and stays so; it joins again under a new key`;
    return refusal('request-invalid', message, 'key');
  }
  hub.enrolled.add(key);
  return [{ type: 'verifier-enrolled', key, at: world.now }];
}

/**
 * Takes a verifier off the list for good. What it judged stays in the log; what waited for its marks or
 * its opinion goes on without it.
 */
export function removeVerifier(turn: Turn, key: PublicKey): Fact[] | Refusal {
  const { hub, world } = turn;
  if (!hub.enrolled.delete(key)) {
    return refusal(
      'verifier-unknown',
      `no verifier ${key} is enrolled; GET /v1/grid lists those online`,
    );
  }
  hub.removed.add(key);
  hub.judged.delete(key);
  const session = hub.verifiers.get(key);
  if (session !== undefined) {
    const message = 'the operator has taken this verifier off the list';
    refuseSession(turn, session.socket, { code: 'verifier-unknown', message });
    closeSession(turn, session.socket);
  }
  forgetOpinions(hub, key);
  endDisputes(turn);
  return [{ type: 'verifier-removed', key, at: world.now }];
}

/** After the fact is on its way: marks of the others may be enough now. */
export function settleRemoval(turn: Turn): void {
  releaseShards(turn);
  finishJobs(turn);
}

/** Stores what an operator decided, or says why not. */
export function answerEnrolment(turn: Turn, request: RequestId, said: Fact[] | Refusal): void {
  if (Array.isArray(said)) return store(turn, said, { type: 'reply', request, job: null });
  turn.effects.push({ type: 'reply', request, result: { ok: false, refusal: said } });
}
