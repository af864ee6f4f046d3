import { accept, refuse } from '#protocol/refusal.ts';
import { bytes } from '#protocol/units.ts';
import { endAside } from './aside.ts';
import { stepCommand } from './commands.ts';
import { askOpinions, forgetEnded } from './disputes.ts';
import { send, type Turn } from './effects.ts';
import { acknowledgeEpoch, receiveEpoch, undoEpoch } from './epochs.ts';
import type { HubEffect, HubEvent, Token, World } from './events.ts';
import { startFunded } from './funding.ts';
import { expireLeases, reviveLeases } from './lease.ts';
import { noteWritten } from './money.ts';
import { applyPardon } from './pardons.ts';
import { receiveBye, receiveHave, receiveRelease, receiveSeek } from './peers.ts';
import { finishPreparation, prepareJobs, receivePrepared, receiveUnpreparable } from './prepare.ts';
import { finishRelease, receiveAudited, releaseShards, undoRelease } from './release.ts';
import { finishAccept, finishLog, receiveCommit, receiveReveal, undoStore } from './results.ts';
import { openVerdicts, publishVerdict } from './reviews.ts';
import { receiveAdmission, receiveRequest, scheduleWaiting } from './schedule.ts';
import {
  beatSessions,
  closeSession,
  greet,
  malformed,
  receiveHello,
  stopSessions,
} from './session.ts';
import type { Hub } from './state.ts';
import { endDisputes, finishJobs, receiveJudged, receiveVerdict } from './verdicts.ts';
import { viewJob } from './views.ts';

export {
  convictionOf,
  fundingOf,
  hasFunded,
  leafFileOf,
  listClosings,
  listConvictions,
  listEarning,
  listEnded,
  listFiles,
  listFunded,
  listPayouts,
  type PageRange,
  payoutOf,
  viewPay,
} from './money-views.ts';
export { openHub } from './restore.ts';
export { mayReadVerdict, shownVerdicts } from './reviews.ts';
export type { Hub, HubConfig } from './state.ts';
export {
  banOf,
  listJobs,
  mayReadUnits,
  mayServe,
  packageOf,
  ticketHolder,
  viewGrid,
  viewJob,
} from './views.ts';

/** One step of a hub: an event in, effects out. `hub` is changed in place. */
export function stepHub(hub: Hub, event: HubEvent, world: World): HubEffect[] {
  const turn: Turn = { hub, world, effects: [] };
  if (hub.startedAt === undefined) {
    hub.startedAt = world.now;
    reviveLeases(turn);
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
    case 'store-failed':
      return stepStoreFailed(turn, event.token, event.refusal);
    case 'kept':
      return stepKept(turn, event);
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
      case 'audited':
        return receiveAudited(turn, verifier, message.sequence);
      case 'epoch':
        return receiveEpoch(turn, verifier, message.signed);
      case 'unpreparable':
        return receiveUnpreparable(turn, verifier, message);
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
    case 'release':
    case 'failed':
      return receiveRelease(turn, device, message);
    case 'have':
      return receiveHave(turn, device, message.root);
    case 'donate':
      device.donates = message.jobs;
      return;
    case 'seek':
      return receiveSeek(turn, device, message.root);
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

function stepStored(turn: Turn, token: Token): void {
  noteWritten(turn.hub, token);
  const pending = turn.hub.pending.get(token);
  turn.hub.pending.delete(token);
  switch (pending?.type) {
    case 'logged':
      return finishLog(turn, pending.lease);
    case 'accepted':
      return finishAccept(turn, pending);
    case 'epoch':
      return acknowledgeEpoch(turn, pending.signed);
    case 'verdict':
      return publishVerdict(turn, pending.signed);
    case 'ruled':
      return openVerdicts(turn, pending.verdicts);
    case 'pardoned':
      applyPardon(turn.hub, pending.pardon);
      turn.effects.push({ type: 'reply', request: pending.request, result: accept(null) });
      return;
    case 'released':
      finishRelease(turn, pending.shards);
      return finishJobs(turn);
    case 'reply': {
      // First what follows from the command, so that the answer shows it.
      if (pending.next === 'prepare') prepareJobs(turn);
      if (pending.next === 'start') startFunded(turn);
      if (pending.next === 'schedule' || pending.next === 'start') scheduleWaiting(turn);
      turn.effects.push({
        type: 'reply',
        request: pending.request,
        result: {
          ok: true,
          value: pending.job === null ? null : (viewJob(turn.hub, pending.job) ?? null),
        },
      });
      return;
    }
    default:
      return;
  }
}

function stepStoreFailed(
  turn: Turn,
  token: Token,
  refusal: Extract<HubEvent, { type: 'store-failed' }>['refusal'],
): void {
  const pending = turn.hub.pending.get(token);
  turn.hub.pending.delete(token);
  turn.hub.money.writing.delete(token);
  if (pending?.type === 'reply' || pending?.type === 'pardoned') {
    turn.effects.push({
      type: 'reply',
      request: pending.request,
      result: refuse(refusal.code, refusal.message),
    });
    if (pending.type === 'pardoned') return;
    if (pending.next === 'prepare' && pending.job !== null) turn.hub.jobs.delete(pending.job);
    return;
  }
  if (pending?.type === 'ruled') return openVerdicts(turn, pending.verdicts);
  if (pending?.type === 'released') return undoRelease(pending.shards);
  if (pending?.type === 'epoch') return undoEpoch(turn, pending.signed, refusal);
  if (pending !== undefined) undoStore(turn, pending, refusal);
}

function stepKept(turn: Turn, event: Extract<HubEvent, { type: 'kept' }>): void {
  const pending = turn.hub.pending.get(event.token);
  turn.hub.pending.delete(event.token);
  if (pending?.type !== 'kept') return;
  const refs = event.refs.map((ref) => ({ root: ref.root, length: bytes(ref.length) }));
  finishPreparation(turn, pending, refs);
}

function stepTick(turn: Turn): void {
  beatSessions(turn);
  expireLeases(turn);
  prepareJobs(turn);
  startFunded(turn);
  endAside(turn);
  scheduleWaiting(turn);
  askOpinions(turn);
  endDisputes(turn);
  releaseShards(turn);
  finishJobs(turn);
  forgetEnded(turn);
}
