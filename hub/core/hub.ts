import { accept, type Refusal } from '#protocol/values/refusal.ts';
import { bytes } from '#protocol/values/units.ts';
import { applyFact } from './apply/apply.ts';
import { advanceJobs } from './checking/advance.ts';
import { archiveJobs } from './checking/archive.ts';
import { askOpinions } from './checking/disputes.ts';
import { receiveExitChecked, releaseShards } from './checking/release.ts';
import { resolveDisputes, resolveVerdicts } from './checking/resolve.ts';
import { receiveJudged, receiveVerdict } from './checking/verdicts.ts';
import { stepCommand } from './commands.ts';
import { receiveExamined, reopenUnit, stepExams } from './failing/exams.ts';
import { receiveUnitFailed } from './failing/failures.ts';
import { storeMended } from './failing/mend.ts';
import { followFacts } from './follow.ts';
import { noteLate } from './jobs/deadline.ts';
import { endIdleInputs } from './jobs/inputs.ts';
import {
  finishPreparation,
  prepareJobs,
  receiveKeepFailed,
  receivePrepared,
  receiveUnpreparable,
} from './jobs/prepare.ts';
import { receiveCoupled, storeRecut } from './jobs/recut.ts';
import { receiveGiveBack } from './leasing/give-back.ts';
import { chooseReady } from './leasing/lane.ts';
import { expireLeases, extendLeases, reviveLeases, wakeLeases } from './leasing/lease.ts';
import {
  receiveAdmission,
  receiveBlocks,
  receiveMemory,
  receiveRequest,
  scheduleWaiting,
  serveCredits,
  serveOpen,
} from './leasing/schedule.ts';
import { startFunded } from './money/funding.ts';
import { receiveLoaded } from './recalled.ts';
import { receiveCommit } from './results/commit.ts';
import { receiveReveal } from './results/reveal.ts';
import { receiveHave, receiveSeek } from './sessions/holders.ts';
import { receiveBye } from './sessions/peers.ts';
import {
  beatSessions,
  closeSession,
  greet,
  malformed,
  receiveHello,
  stopSessions,
} from './sessions/session.ts';
import type { HubEffect, HubEvent, Token, World } from './state/events.ts';
import type { Hub } from './state/hub.ts';
import { takeWrite } from './state/underway.ts';
import { endSeats } from './trust/newcomers.ts';
import { archiveDevices } from './trust/offline-devices.ts';
import { endSuspensions } from './trust/suspensions.ts';
import { refuseSession, send, type Turn } from './turn.ts';
import { receiveEpoch } from './verifiers/epochs.ts';
import { viewJob } from './views.ts';

export { estimate, likeJob, obstaclesOf } from './jobs/estimate.ts';
export { type BlobRights, blobRights, covers, isModelFile } from './leasing/blob-rights.ts';
export { type KnownModel, viewModelStats } from './model-stats.ts';
export {
  endedJobOf,
  hasFunded,
  listEarned,
  listEarning,
  listEnded,
  listFunded,
  type PageRange,
  viewShard,
} from './money/views.ts';
export { beginHub, openHub, recallJob, SNAPSHOT_VERSION, takeSnapshot } from './open.ts';
export { frameBytesOf, isWorking } from './results/frame-bytes.ts';
export type { DurableState, Hub, HubConfig } from './state/hub.ts';
export type { Job } from './state/job.ts';
export { mayRead, partOf, takesInputs } from './state/questions.ts';
export { signedIn } from './state/signed-in.ts';
export { mayReadVerdict, shownVerdicts } from './verifiers/reviews.ts';
export {
  banOf,
  ticketHolder,
  unitPart,
  viewGrid,
  viewJob,
  viewProfile,
  viewTeams,
  viewWork,
} from './views.ts';

/** One step of a hub: an event in, effects out. `hub` is changed in place. */
export function stepHub(hub: Hub, event: HubEvent, world: World): HubEffect[] {
  const turn: Turn = { hub, world, effects: [] };
  if (hub.startedAt === undefined) {
    hub.startedAt = world.now;
    reviveLeases(turn);
    resolveVerdicts(turn);
  }
  stepEvent(turn, event);
  return turn.effects;
}

function stepEvent(turn: Turn, event: HubEvent): void {
  switch (event.type) {
    case 'connected':
      return greet(turn, event.socket);
    case 'disconnected':
      return closeSession(turn, event.socket);
    case 'received':
      return stepMessage(turn, event);
    case 'framed':
      return stepFrame(turn, event);
    case 'malformed':
      return malformed(turn, event.socket, event.refusal);
    case 'command':
      return stepCommand(turn, event.request, event.command);
    case 'stored':
      return stepStored(turn, event.token);
    case 'disk':
      return stepDisk(turn, event.trouble);
    case 'woke':
      return wakeLeases(turn);
    case 'keep-failed':
      return stepKeepFailed(turn, event.token, event.refusal);
    case 'kept':
      return stepKept(turn, event);
    case 'recut':
      return storeRecut(turn, event.token, event.cut);
    case 'mended':
      return storeMended(turn, event.token, event.mended);
    case 'loaded':
      return receiveLoaded(turn, event);
    case 'schedule':
      if (turn.hub.trouble === undefined) scheduleWaiting(turn);
      return;
    case 'look-late':
      if (turn.hub.trouble === undefined) serveOpen(turn, event.job);
      return;
    case 'tick':
      return stepTick(turn);
    case 'stopping':
      return stopSessions(turn);
  }
}

function stepMessage(turn: Turn, event: Extract<HubEvent, { type: 'received' }>): void {
  const { socket, message } = event;
  const session = turn.hub.sessions.get(socket);
  if (session === undefined) return;
  session.heardAt = turn.world.now;
  if (message.type === 'hello') return receiveHello(turn, socket, message);
  if (session.stage === 'greeted') {
    return malformed(turn, socket, {
      code: 'hello-expected',
      message: `the first message must be hello, not ${message.type}`,
    });
  }
  if (message.type === 'beat') return;
  const verifier = turn.hub.verifiers.get(session.key);
  if (session.stage === 'verifier' && verifier !== undefined) {
    switch (message.type) {
      case 'verdict':
        return receiveVerdict(turn, verifier, message.signed);
      case 'judged':
        return receiveJudged(turn, verifier, message.through);
      case 'exit-checked':
        return receiveExitChecked(turn, verifier, message.sequence);
      case 'epoch':
        return receiveEpoch(turn, verifier, message.signed);
      case 'unpreparable':
        return receiveUnpreparable(turn, verifier, message);
      case 'examined':
        return receiveExamined(turn, verifier, message);
      case 'coupled':
        return receiveCoupled(turn, verifier, message.job);
      case 'bye':
        return receiveBye(turn, socket);
      default:
        return outOfRole(turn, socket, message.type);
    }
  }
  const device = turn.hub.devices.get(session.key);
  if (device === undefined || device.socket !== socket) return;
  switch (message.type) {
    case 'admitted':
    case 'unfit':
      return receiveAdmission(turn, device, message);
    case 'request':
      return receiveRequest(turn, device);
    case 'commit':
      return receiveCommit(turn, device, message);
    case 'unit-failed':
      return receiveUnitFailed(turn, device, message);
    case 'give-back':
      return receiveGiveBack(turn, device, message);
    case 'memory':
      return receiveMemory(turn, device, message.bytes);
    case 'have':
      return receiveHave(turn.hub, device, message.root);
    case 'donate':
      device.donates = message.jobs;
      return;
    case 'block':
      return receiveBlocks(turn, device, message.blocks);
    case 'seek':
      return receiveSeek(turn, device, message);
    case 'bye':
      return receiveBye(turn, socket);
    default:
      return outOfRole(turn, socket, message.type);
  }
}

function outOfRole(turn: Turn, socket: number, type: string): void {
  send(turn, socket, {
    type: 'declined',
    code: 'message-out-of-order',
    message: `${type} is not for this role; say hello with the other role on another socket`,
  });
}

function stepFrame(turn: Turn, event: Extract<HubEvent, { type: 'framed' }>): void {
  const { socket, head, payload } = event;
  const session = turn.hub.sessions.get(socket);
  if (session === undefined) return;
  session.heardAt = turn.world.now;
  if (session.stage === 'contributor' && head.type === 'reveal') {
    const device = turn.hub.devices.get(session.key);
    if (device?.socket === socket) receiveReveal(turn, device, { reveal: head.reveal, payload });
    return;
  }
  if (session.stage === 'verifier' && head.type === 'prepared') {
    const verifier = turn.hub.verifiers.get(session.key);
    if (verifier !== undefined) receivePrepared(turn, verifier, { head, payload });
    return;
  }
  outOfRole(turn, socket, head.type);
}

/** Facts are on disk: they change the state, and whoever asked is answered. */
function stepStored(turn: Turn, token: Token): void {
  const { hub, effects } = turn;
  const facts = takeWrite(hub.underway, token);
  for (const fact of facts) applyFact(hub, fact);
  hub.factNumber += facts.length;
  followFacts(turn, facts);
  const reply = hub.replies.get(token);
  if (reply === undefined) return;
  hub.replies.delete(token);
  const job = reply.job === null ? undefined : hub.jobs.get(reply.job);
  const value = job === undefined ? null : viewJob(hub, job);
  effects.push({ type: 'reply', request: reply.request, result: accept(value) });
}

function stepKept(turn: Turn, event: Extract<HubEvent, { type: 'kept' }>): void {
  const made = turn.hub.making.get(event.token);
  turn.hub.making.delete(event.token);
  if (made?.type !== 'package') return;
  const refs = event.refs.map((ref) => ({ root: ref.root, length: bytes(ref.length) }));
  finishPreparation(turn, made, refs);
}

/** Blobs could not be kept, or inputs not be cut. */
function stepKeepFailed(turn: Turn, token: Token, refusal: Refusal): void {
  const made = turn.hub.making.get(token);
  turn.hub.making.delete(token);
  if (made?.type === 'mend') return reopenUnit(turn, made);
  if (made !== undefined) receiveKeepFailed(turn, made.job, refusal);
}

/**
 * While the disk takes no writes, nothing is lent, nobody is at fault for what is late, and verifiers
 * come back later: what they say is asked for again then.
 */
function stepDisk(turn: Turn, trouble: Refusal | undefined): void {
  const { hub } = turn;
  if (trouble === undefined) {
    delete hub.trouble;
    extendLeases(turn);
    return stepTick(turn);
  }
  hub.trouble = trouble;
  if (trouble.code !== 'busy') {
    for (const { socket } of [...hub.verifiers.values()]) {
      refuseSession(turn, socket, trouble);
      closeSession(turn, socket);
    }
  }
  for (const device of hub.devices.values()) serveCredits(turn, device);
}

function stepTick(turn: Turn): void {
  beatSessions(turn);
  if (turn.hub.trouble !== undefined) return;
  expireLeases(turn);
  endSeats(turn);
  prepareJobs(turn);
  startFunded(turn);
  endSuspensions(turn);
  endIdleInputs(turn);
  chooseReady(turn);
  scheduleWaiting(turn);
  noteLate(turn);
  askOpinions(turn);
  resolveDisputes(turn);
  stepExams(turn);
  releaseShards(turn);
  advanceJobs(turn);
  archiveJobs(turn);
  archiveDevices(turn);
}
