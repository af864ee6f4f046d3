import { hexToBytes } from '#protocol/bytes/digest.ts';
import { after } from '#protocol/values/units.ts';
import { isReviewDrawn } from '../draws/draw.ts';
import { reviewEpoch } from '../draws/epochs.ts';
import { endLink, takeManifest } from '../link/session.ts';
import {
  type Book,
  forgetSettled,
  type Review,
  SETTLE_MS,
  type Verifier,
} from '../state/verifier.ts';
import { say, type Turn } from '../turn.ts';
import { queueUnits } from './checks.ts';

/** More than a hub passes on at once; what does not fit is asked for again. */
const REVIEWS_WAITING_MAX = 4_096;

/**
 * Takes a verdict of another verifier, in the order of the hub's numbers. Some of them, passes
 * included, are done again: whoever says match without running anything, or frames a device, is
 * found.
 */
export function receiveReview(turn: Turn, review: Review): void {
  const { verifier, world } = turn;
  const { book, phase, config } = verifier;
  if (
    book === undefined ||
    phase.name !== 'ready' ||
    !takeManifest(turn, { ...review, job: review.signed.verdict.job })
  )
    return;
  const { verdict: record, signature } = review.signed;
  const key = record.verifier;
  const signed = world.verify({ key, context: 'verdict', record, signature });
  if (key === config.key || !signed) {
    const text = `verdict ${review.number} of the hub is not signed by another verifier`;
    return say(turn, 'warning', text);
  }
  if (review.number <= (verifier.reviews.at(-1)?.number ?? book.reviewSeen)) return;
  if (verifier.reviews.length >= REVIEWS_WAITING_MAX) {
    return endLink(turn, 'more verdicts of others came than can wait; asking for them again');
  }
  verifier.reviews.push(review);
}

/** Draws from what has come, by the signature of each verdict, as soon as an epoch may draw. */
export function drawReviews(turn: Turn): void {
  const { verifier } = turn;
  const { book } = verifier;
  if (book === undefined || turn.world.now < verifier.diskAfter) return;
  for (;;) {
    const [review] = verifier.reviews;
    if (review === undefined) return;
    const { number, signed } = review;
    const epoch = reviewEpoch(turn, book, number);
    if (epoch === undefined) return;
    verifier.reviews.shift();
    book.reviewSeen = number;
    if (epoch === 'past' || !isReviewDrawn(epoch.seed, signed.signature)) continue;
    queueReview(turn, review, epoch.number);
  }
}

function queueReview(turn: Turn, review: Review, epoch: number): void {
  const { number, sequence, provider, inputs, signed } = review;
  const { job, lease, device, class: mark, unit, claimed, n } = signed.verdict;
  const shard = {
    sequence,
    job,
    lease,
    device,
    ...(mark === undefined ? {} : { class: mark }),
    provider,
    package: review.package,
    firstUnit: unit,
  };
  const digests = hexToBytes(claimed);
  const pending = { shard, inputs, digests, epoch, n, review: number };
  queueUnits(turn, { ...pending, cause: 'review' }, [unit]);
}

/** The last verdict of others all of whose draws are judged, with their verdicts on disk. */
function reviewedThrough(verifier: Verifier, book: Book): number {
  const open = verifier.queue.flatMap(({ review }) => review ?? []);
  return Math.min(book.reviewSeen, ...open.map((number) => number - 1));
}

/** Notes what the hub surely has: reviews up to there need not be sent again. */
export function settleReviews({ verifier, world }: Turn, book: Book): void {
  const { phase } = verifier;
  if (phase.name !== 'ready') return;
  const { reviewing } = phase;
  if (world.now < after(reviewing.at, SETTLE_MS) || phase.heardAt < reviewing.at) return;
  // What the hub had when it welcomed us has come by now, but for what it need not send.
  if (verifier.reviews.length === 0) book.reviewSeen = Math.max(book.reviewSeen, phase.reviewCount);
  if (reviewing.through > book.reviewed) {
    book.reviewed = reviewing.through;
    forgetSettled(book);
  }
  phase.reviewing = { through: reviewedThrough(verifier, book), at: world.now };
}
