import {
  HELLO_DEADLINE_MS,
  type HelloClaim,
  type HubMessage,
  PROTOCOL_VERSION,
} from '#protocol/messages/control.ts';
import { digestPackage, type PackageManifest, unitCost } from '#protocol/models/package.ts';
import type { Digest, JobId, PublicKey } from '#protocol/values/ids.ts';
import { after, instant, millis } from '#protocol/values/units.ts';
import type { Saved } from '../state/events.ts';
import { openBook, type Verifier } from '../state/verifier.ts';
import { linkOf, say, type Turn } from '../turn.ts';
import { adoptBook } from './lost-disk.ts';

/** The first wait between two tries; each doubles, up to the last. Half of it is jitter. */
const BACKOFF_MS = { first: 500, last: 30_000 } as const;
/** A session that held this long starts the back-off over. */
const STEADY_MS = 10_000;
/** A session that is silent for this many beats has gone. */
const BEATS_MISSED_MAX = 3;
/** More jobs than a hub has open at once. Where one comes again after all, a new link brings it. */
const MANIFESTS_MAX = 2_048;

type Challenge = Extract<HubMessage, { type: 'challenge' }>;
type Welcome = Extract<HubMessage, { type: 'welcome' }>;

function dial(turn: Turn): void {
  const link = turn.verifier.nextLink++;
  turn.verifier.phase = { name: 'connecting', link, since: turn.world.now };
  turn.effects.push({ type: 'connect', link });
}

/** Answers a challenge: at once when the book of that hub is open, else after it is loaded. */
export function receiveChallenge(turn: Turn, challenge: Challenge): void {
  const { verifier } = turn;
  if (verifier.phase.name !== 'connecting') return;
  if (!challenge.versions.includes(PROTOCOL_VERSION)) {
    const spoken = challenge.versions.join(', ');
    const reason = `the hub speaks version ${spoken}, this verifier ${PROTOCOL_VERSION}; update the older of the two`;
    return endLink(turn, reason);
  }
  const { nonce, hub } = challenge;
  verifier.phase.challenge = { nonce, hub };
  if (verifier.book?.hub === hub) hello(turn);
  else turn.effects.push({ type: 'bind', hub });
}

/** The durable part of another hub: work for the earlier one is dropped, its hub asks again. */
export function bindBook(turn: Turn, saved: Saved): void {
  const { verifier } = turn;
  verifier.book = openBook(saved);
  verifier.manifests.clear();
  verifier.standings.clear();
  verifier.tasks.clear();
  verifier.persisting.clear();
  verifier.arrivals = [];
  verifier.reviews = [];
  verifier.exitChecks = [];
  verifier.voided.clear();
  verifier.queue = [];
  verifier.preparing = [];
  verifier.examining = [];
  delete verifier.overflow;
  delete verifier.recalling;
  if (verifier.phase.name === 'connecting' && verifier.phase.challenge?.hub === saved.hub)
    hello(turn);
}

function hello(turn: Turn): void {
  const { phase, config, book } = turn.verifier;
  if (phase.name !== 'connecting' || phase.challenge === undefined || book === undefined) return;
  const { nonce, hub } = phase.challenge;
  const claim: HelloClaim = {
    version: PROTOCOL_VERSION,
    role: 'verifier',
    key: config.key,
    hub,
    nonce,
  };
  const signature = turn.world.sign('hello', claim);
  const judged = book.settled < 0 ? {} : { judged: book.settled };
  turn.effects.push({
    type: 'send',
    link: phase.link,
    message: { type: 'hello', claim, signature, ...judged, reviewed: book.reviewed },
  });
}

/**
 * The session is open. Verdicts the hub may have lost with the last link are sent again: it drops
 * those it has, by lease and unit.
 */
export function receiveWelcome(turn: Turn, welcome: Welcome): void {
  const { verifier, world, effects } = turn;
  const { phase, book } = verifier;
  if (phase.name !== 'connecting' || book === undefined) return;
  const { link } = phase;
  const { now } = world;
  const beatMs = millis(Math.max(welcome.beatMs, 100));
  const { from = 1, through = 0 } = welcome.reviews ?? {};
  const reviewing = { through: book.reviewed, at: now };
  const times = { since: now, heardAt: now, sentAt: now };
  verifier.phase = { name: 'ready', link, ...times, beatMs, reviewing, reviewCount: through };
  // What the hub cannot pass on any more is drawn by no epoch that is opened from now on.
  book.reviewSeen = Math.max(book.reviewSeen, from - 1);
  book.seen = -1;
  delete verifier.overflow;
  effects.push({ type: 'ticket', ticket: welcome.ticket });
  for (const { signed } of book.verdicts) {
    effects.push({ type: 'send', link, message: { type: 'verdict', signed } });
  }
  adoptBook(turn, book, welcome.book);
  say(turn, 'info', `connected to hub ${short(book.hub)}; judged through ${book.judged}`);
}

const short = (key: PublicKey): string => `${key.slice(0, 12)}…`;

/** Ends the link at hand and waits before the next try. */
export function endLink(turn: Turn, reason: string): void {
  const link = linkOf(turn);
  if (link === undefined) return;
  turn.effects.push({ type: 'disconnect', link });
  loseLink(turn, reason);
}

/** The link is gone. Waits longer after each failure, so as not to flood a hub that is back. */
export function loseLink(turn: Turn, reason: string): void {
  const { verifier, world } = turn;
  const { phase } = verifier;
  if (phase.name === 'ready' && world.now - phase.since >= STEADY_MS) verifier.failures = 0;
  const wait = Math.min(BACKOFF_MS.first * 2 ** verifier.failures, BACKOFF_MS.last);
  const jitter = Number.parseInt(world.random().slice(0, 4), 16) / 0xffff;
  const delay = millis(Math.round(wait * (0.5 + jitter / 2)));
  verifier.failures += 1;
  verifier.phase = { name: 'waiting', until: after(world.now, delay), reason };
  say(turn, 'warning', `${reason}; trying again in ${(delay / 1000).toFixed(1)} s`);
}

/** Leaves and comes back at once, so that the hub sends again what was turned away. */
export function rejoin(turn: Turn, reason: string): void {
  const link = linkOf(turn);
  if (link === undefined) return;
  say(turn, 'info', reason);
  turn.effects.push({ type: 'disconnect', link });
  turn.verifier.phase = { name: 'waiting', until: turn.world.now, reason };
}

/** Keeps the session alive, ends a silent one, dials when it is time. */
export function tickSession(turn: Turn): void {
  const { phase } = turn.verifier;
  const { now } = turn.world;
  if (phase.name === 'waiting' && now >= phase.until) return dial(turn);
  if (phase.name === 'connecting' && now - phase.since > HELLO_DEADLINE_MS) {
    return endLink(turn, `the hub did not welcome this verifier in ${HELLO_DEADLINE_MS / 1000} s`);
  }
  if (phase.name !== 'ready') return;
  const silentSince = instant(now - BEATS_MISSED_MAX * phase.beatMs);
  if (phase.heardAt < silentSince) {
    return endLink(turn, `the hub was silent for ${BEATS_MISSED_MAX} beats`);
  }
  if (now - phase.sentAt >= phase.beatMs) {
    phase.sentAt = now;
    turn.effects.push({ type: 'send', link: phase.link, message: { type: 'beat' } });
  }
}

/**
 * Keeps the manifest of a job that came. False ends the link: the manifest is not that of the
 * package, or never came, or the cost of a unit is not the one that the package had.
 */
export function takeManifest(
  turn: Turn,
  of: { job: JobId; package: Digest; unitCost?: number; manifest?: PackageManifest | undefined },
): boolean {
  const { manifests, costs } = turn.verifier;
  const { job, package: id } = of;
  const manifest = manifests.get(job) ?? of.manifest;
  const end = (reason: string): false => {
    endLink(turn, reason);
    return false;
  };
  if (manifest === undefined) return end(`the hub named job ${job} and never sent its package`);
  if (digestPackage(manifest) !== id) return end(`the hub sent a package that is not ${id}`);
  const cost = costs.get(id) ?? unitCost(manifest);
  if (unitCost(manifest) !== cost || (of.unitCost ?? cost) !== cost) {
    return end(`the hub changed what a unit of package ${id} costs: it was ${cost} µs`);
  }
  manifests.delete(job);
  manifests.set(job, manifest);
  costs.set(id, cost);
  if (manifests.size > MANIFESTS_MAX) forgetManifests(turn.verifier);
  return true;
}

/** Forgets half of the manifests, those that were named longest ago; jobs at hand keep theirs. */
function forgetManifests(verifier: Verifier): void {
  const { manifests, arrivals, exitChecks, queue, reviews } = verifier;
  const needed = new Set([
    ...[...arrivals, ...exitChecks, ...queue].map(({ shard }) => shard.job),
    ...reviews.map(({ signed }) => signed.verdict.job),
  ]);
  for (const job of [...manifests.keys()].slice(0, -MANIFESTS_MAX / 2)) {
    if (!needed.has(job)) manifests.delete(job);
  }
}
