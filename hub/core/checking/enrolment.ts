import type { PublicKey } from '#protocol/values/ids.ts';
import { type Refusal, refusal } from '#protocol/values/refusal.ts';
import type { Fact } from '../state/facts.ts';
import { isUnderway, nameOf } from '../state/underway.ts';
import type { Turn } from '../turn.ts';

/** Who verifies: an operator's word, kept as facts. */
export function enrolVerifier({ hub, world }: Turn, key: PublicKey): Fact[] | Refusal {
  if (hub.removed.has(key) || isUnderway(hub.underway, nameOf.remove(key))) {
    const message = `verifier ${key} was removed, and stays so; it joins again under a new key`;
    return refusal('request-invalid', message, 'key');
  }
  return [{ type: 'verifier-enrolled', key, at: world.now }];
}

/**
 * Takes a verifier off the list for good. What it judged stays in the log; what waited for its
 * marks or its opinion goes on without it.
 */
export function removeVerifier({ hub, world }: Turn, key: PublicKey): Fact[] | Refusal {
  if (!hub.enrolled.has(key) || isUnderway(hub.underway, nameOf.remove(key))) {
    const message = `no verifier ${key} is enrolled; GET /v1/grid lists those online`;
    return refusal('verifier-unknown', message);
  }
  return [{ type: 'verifier-removed', key, at: world.now }];
}
