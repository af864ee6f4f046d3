import { checkThreshold } from '#protocol/checks/check-policy.ts';
import type { HubMessage } from '#protocol/messages/control.ts';
import { why } from '#protocol/values/reason.ts';
import { instant } from '#protocol/values/units.ts';
import {
  drawArrivals,
  drawExitChecks,
  dropVoided,
  finishClaim,
  finishExecution,
  finishFingerprint,
  receiveCheck,
  startTasks,
} from './checks/checks.ts';
import { drawReviews, receiveReview } from './checks/reviews.ts';
import { receiveLogged, turnEpochs } from './draws/epochs.ts';
import { finishExamining, receiveExamine, startExamining } from './examine.ts';
import { awaitRecall, finishRecall } from './link/lost-disk.ts';
import {
  bindBook,
  endLink,
  loseLink,
  receiveChallenge,
  receiveWelcome,
  tickSession,
} from './link/session.ts';
import { moveMarks } from './marks.ts';
import { failPersist, finishPersist } from './persisted.ts';
import { finishPreparing, receivePrepare, startPreparing } from './prepare.ts';
import type {
  LinkId,
  Saved,
  VerifierConfig,
  VerifierEffect,
  VerifierEvent,
  World,
} from './state/events.ts';
import { openBook, type Verifier } from './state/verifier.ts';
import { linkOf, say, type Turn } from './turn.ts';

export type { Verifier } from './state/verifier.ts';

/**
 * A verifier that has not connected yet; its first `tick` dials. `saved` spares the `bind` when the
 * hub is known beforehand. Throws a RangeError on a check rate outside [0, 1].
 */
export function openVerifier(config: VerifierConfig, saved?: Saved): Verifier {
  checkThreshold(config.policy, 1);
  return {
    config,
    phase: { name: 'waiting', until: instant(0), reason: 'starting' },
    failures: 0,
    ...(saved === undefined ? {} : { book: openBook(saved) }),
    manifests: new Map(),
    costs: new Map(),
    standings: new Map(),
    arrivals: [],
    reviews: [],
    exitChecks: [],
    voided: new Set(),
    queue: [],
    numbering: new Map(),
    tasks: new Map(),
    preparing: [],
    examining: [],
    persisting: new Map(),
    diskAfter: instant(0),
    judgedTotal: 0,
    caughtTotal: 0,
    nextLink: 1,
    nextTask: 1,
    nextToken: 1,
  };
}

/** One step of a verifier: an event in, effects out. `state` is changed in place. */
export function stepVerifier(
  state: Verifier,
  event: VerifierEvent,
  world: World,
): VerifierEffect[] {
  const turn: Turn = { verifier: state, world, effects: [] };
  const stopping = state.phase.name === 'stopping' || state.phase.name === 'stopped';
  stepEvent(turn, event, stopping);
  if (state.phase.name === 'stopping') finishStopping(turn);
  else if (state.phase.name !== 'stopped') drive(turn);
  return turn.effects;
}

/** What can be done now is done, whatever the event was. */
function drive(turn: Turn): void {
  if (awaitRecall(turn)) return;
  turnEpochs(turn);
  drawArrivals(turn);
  drawExitChecks(turn);
  drawReviews(turn);
  startPreparing(turn);
  startExamining(turn);
  startTasks(turn);
  moveMarks(turn);
}

function stepEvent(turn: Turn, event: VerifierEvent, stopping: boolean): void {
  switch (event.type) {
    case 'persisted':
      return finishPersist(turn, event.token);
    case 'persist-failed':
      return failPersist(turn, event.token, event.refusal);
    case 'stopping':
      return stopping ? undefined : beginStopping(turn);
    default:
      if (!stopping) stepRunning(turn, event);
  }
}

type Running = Exclude<VerifierEvent, { type: 'persisted' | 'persist-failed' | 'stopping' }>;

function stepRunning(turn: Turn, event: Running): void {
  switch (event.type) {
    case 'connected':
      return;
    case 'received':
      if (event.link === linkOf(turn)) stepMessage(turn, event.link, event.message);
      return;
    case 'malformed':
      if (event.link !== linkOf(turn)) return;
      return endLink(turn, `the hub sent what cannot be read: ${event.refusal.message}`);
    case 'disconnected':
      if (event.link === linkOf(turn)) loseLink(turn, event.reason);
      return;
    case 'bound':
      return bindBook(turn, event.saved);
    case 'recalled':
      return finishRecall(turn, event);
    case 'executed':
      return finishExecution(turn, event);
    case 'claimed':
      return finishClaim(turn, event);
    case 'fingerprinted':
      return finishFingerprint(turn, event);
    case 'prepared':
      return finishPreparing(turn, event);
    case 'examined':
      return finishExamining(turn, event);
    case 'tick':
      return tickSession(turn);
  }
}

function stepMessage(turn: Turn, link: LinkId, message: HubMessage): void {
  const { phase } = turn.verifier;
  if (phase.name === 'ready' && phase.link === link) phase.heardAt = turn.world.now;
  switch (message.type) {
    case 'challenge':
      return receiveChallenge(turn, message);
    case 'welcome':
      return receiveWelcome(turn, message);
    case 'refused':
      return endLink(turn, `the hub refused this verifier (${message.code}): ${message.message}`);
    case 'declined':
      return say(
        turn,
        'warning',
        `the hub declined a message (${message.code}): ${message.message}`,
      );
    case 'prepare':
      return receivePrepare(turn, message);
    case 'examine':
      return receiveExamine(turn, message);
    case 'check':
      return receiveCheck(turn, message);
    case 'voided':
      return dropVoided(turn, message.sequence);
    case 'review':
      return receiveReview(turn, message);
    case 'epoch-logged':
      return receiveLogged(turn, message);
    default:
      return;
  }
}

/** Says goodbye and waits only for the disk: what is at work is done again after the next start. */
function beginStopping(turn: Turn): void {
  const link = linkOf(turn);
  if (link !== undefined) {
    if (turn.verifier.phase.name === 'ready') {
      const bye = { type: 'bye', reason: why('stopped', {}) } as const;
      turn.effects.push({ type: 'send', link, message: bye });
    }
    turn.effects.push({ type: 'disconnect', link });
  }
  turn.verifier.phase = { name: 'stopping' };
}

function finishStopping(turn: Turn): void {
  if (turn.verifier.persisting.size > 0) return;
  turn.verifier.phase = { name: 'stopped' };
  turn.effects.push({ type: 'stopped' });
}
