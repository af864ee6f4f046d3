import type { PublicKey } from '#protocol/ids.ts';
import type { SignedVerdict } from '#protocol/records.ts';
import { send, type Turn } from './effects.ts';
import { type Hub, type VerifierSession, verdictName } from './state.ts';

/** Verdicts that can still be passed on: a verifier that was away longer gets no older ones. */
const REVIEWS_KEPT_MAX = 2_000;

/** Verdicts on disk, numbered from 1 as they got there, and the newest of them. */
export interface Reviews {
  count: number;
  newest: { number: number; signed: SignedVerdict }[];
}

export const openReviews = (verdicts: readonly SignedVerdict[]): Reviews => {
  const first = Math.max(0, verdicts.length - REVIEWS_KEPT_MAX);
  const newest = verdicts.slice(first).map((signed, at) => ({ number: first + at + 1, signed }));
  return { count: verdicts.length, newest };
};

/** The verdicts that can be passed on. */
export const reviewRange = ({ reviews: { newest, count } }: Hub) => ({
  from: newest[0]?.number ?? count + 1,
  through: count,
});

/** A verdict is on disk: the other verifiers may see it, and do it again. */
export function publishVerdict(turn: Turn, signed: SignedVerdict): void {
  const { reviews, verifiers } = turn.hub;
  reviews.count += 1;
  reviews.newest.push({ number: reviews.count, signed });
  if (reviews.newest.length > REVIEWS_KEPT_MAX) reviews.newest.shift();
  for (const verifier of verifiers.values()) sendReviews(turn, verifier);
}

/** Passes on what a verifier has not seen: verdicts of others, on units it has said nothing of. */
export function sendReviews(turn: Turn, verifier: VerifierSession): void {
  const { hub } = turn;
  const { newest, count } = hub.reviews;
  const unseen = Math.max(0, newest.length - (count - verifier.reviewed));
  for (const { number, signed } of newest.slice(unseen)) {
    verifier.reviewed = number;
    const { lease, job: id } = signed.verdict;
    const [kept, job] = [hub.shards.get(lease), hub.jobs.get(id)];
    if (kept === undefined || job?.manifest === undefined) continue;
    if (hasSpoken(hub, signed, verifier.key)) continue;
    const known = verifier.manifests.has(kept.package);
    verifier.manifests.add(kept.package);
    send(turn, verifier.socket, {
      type: 'review',
      number,
      signed,
      sequence: kept.sequence,
      provider: kept.provider,
      package: kept.package,
      ...(known ? {} : { manifest: job.manifest }),
      inputs: job.record.inputs,
    });
  }
}

/** Its own verdict on the unit was taken: a second one would be dropped. */
function hasSpoken(hub: Hub, { verdict, signature }: SignedVerdict, verifier: PublicKey): boolean {
  return hub.verdictsTaken.has(verdictName({ verdict: { ...verdict, verifier }, signature }));
}
