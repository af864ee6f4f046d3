import type { SignedVerdict } from '#protocol/records/records.ts';
import type { Reviews } from '../state/checks.ts';
import type { VerifierSession } from '../state/device.ts';
import { judgeName, verdictName } from '../state/facts.ts';
import type { Hub } from '../state/hub.ts';
import { inputsOf } from '../state/questions.ts';
import { send, type Turn } from '../turn.ts';

/** Verdicts that can still be passed on: a verifier that was away longer gets no older ones. */
const REVIEWS_KEPT_MAX = 2_000;

/** No verdict was passed on for review. */
export const openReviews = (): Reviews => ({
  count: 0,
  newest: [],
  waiting: [],
  withheld: new Set(),
});

/** The verdicts that can be passed on. */
export const reviewRange = ({ reviews: { newest, count } }: Hub) => ({
  from: newest[0]?.number ?? count + 1,
  through: count,
});

/** The number of the last verdict that anybody may read, and how many wait behind it. */
export const shownVerdicts = ({ reviews: { count, waiting } }: Hub) => ({
  through: count,
  withheld: waiting.length,
});

/** Whether a verdict may be read where verdicts have no number, as in a receipt. */
export const mayReadVerdict = ({ reviews }: Hub, signed: SignedVerdict): boolean =>
  !reviews.withheld.has(verdictName(signed));

/** A verdict is on disk: it is shown after those before it, unless it is withheld. */
export function showVerdict(reviews: Reviews, signed: SignedVerdict, isWithheld: boolean): void {
  if (isWithheld) reviews.withheld.add(verdictName(signed));
  reviews.waiting.push(signed);
  advance(reviews);
}

/** Verdicts are withheld no longer. */
export function openVerdicts(reviews: Reviews, verdicts: readonly SignedVerdict[]): void {
  for (const signed of verdicts) reviews.withheld.delete(verdictName(signed));
  advance(reviews);
}

function advance(reviews: Reviews): void {
  const { waiting, withheld, newest } = reviews;
  const first = waiting.findIndex((signed) => withheld.has(verdictName(signed)));
  for (const signed of waiting.splice(0, first < 0 ? waiting.length : first)) {
    reviews.count += 1;
    newest.push({ number: reviews.count, signed });
  }
  newest.splice(0, Math.max(0, newest.length - REVIEWS_KEPT_MAX));
}

/** Passes new verdicts on to the other verifiers. */
export function sendReviewsToAll(turn: Turn): void {
  for (const verifier of turn.hub.verifiers.values()) sendReviews(turn, verifier);
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
    // Its own verdict on the unit was taken: a second one would be dropped.
    if (kept.judgedBy?.has(judgeName({ ...signed.verdict, verifier: verifier.key }))) continue;
    const known = verifier.manifests.has(kept.job);
    verifier.manifests.add(kept.job);
    send(turn, verifier.socket, {
      type: 'review',
      number,
      signed,
      sequence: kept.sequence,
      provider: kept.provider,
      package: kept.package,
      ...(known ? {} : { manifest: job.manifest }),
      inputs: inputsOf(job, kept),
    });
  }
}
