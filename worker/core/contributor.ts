import { instant } from '#protocol/values/units.ts';
import { receiveAdmit } from './admission.ts';
import {
  checkAdmission,
  finishAdmissionFetch,
  resumeAdmission,
  sourceFailed,
} from './admission-fetches.ts';
import { block, receiveAbout } from './blocks.ts';
import { noteTraffic, openCare } from './care/care.ts';
import { engineFailed, tickAdmission, tickEngine, tickShards, unitFailed } from './deadlines.ts';
import { engineLoaded, hearEngine, markedEngine, proveEngine } from './engine.ts';
import type { ContributorConfig, ContributorEffect, ContributorEvent, World } from './events.ts';
import { countFetch, holdBack } from './hold.ts';
import { openMemory, remembered } from './memory.ts';
import {
  considerMemory,
  endMemoryTrial,
  startMemoryTrial,
  tickMemoryTrial,
} from './memory-trial.ts';
import {
  commitSigned,
  drive,
  dropShard,
  failFetch,
  finishFetch,
  finishRun,
  receiveAccepted,
  receiveLease,
  receiveLogged,
  retryShard,
} from './pipeline.ts';
import { failRuntime, finishRuntime, runtimeProgress, startRuntime } from './runtime.ts';
import {
  donate,
  finish,
  helloSigned,
  loseLink,
  openSocket,
  puzzleSolved,
  receiveChallenge,
  receiveRefused,
  receiveWelcome,
  start,
  stop,
  tickLink,
  tryNow,
} from './session.ts';
import { receiveJudgement } from './standing.ts';
import type { Contributor, Turn } from './state.ts';
import { tellStatus } from './status.ts';
import { finishTrialRun, startTrial, trialFailed, trialLoaded } from './trials.ts';

export type { Contributor } from './state.ts';

/** A contributor that has not been started. A tombstone in its memory becomes a death. */
export function openContributor(config: ContributorConfig): Contributor {
  return {
    config,
    running: false,
    visible: true,
    care: openCare(config.care, { signals: config.signals, today: config.memory.today }),
    counted: new Map(),
    link: { name: 'off' },
    failures: 0,
    memory: openMemory(config.memory, config.leftAt),
    signing: new Map(),
    remembering: new Map(),
    packages: new Map(),
    runtimes: new Map(),
    resting: [],
    engineFailures: 0,
    broken: new Map(),
    shards: [],
    donates: config.donates,
    blocks: config.blocks,
    abouts: new Map(),
    requested: 0,
    trials: [],
    verdicts: [],
    counts: {
      unitsAccepted: 0,
      shardsAccepted: 0,
      unitsChecked: 0,
      unitsMismatched: 0,
      served: 0,
    },
    recent: [],
    phase: 'off',
    phaseSince: instant(0),
    said: '',
    nextId: 1,
  };
}

/** One step of a contributor: an event in, effects out. `device` is changed in place. */
export function stepContributor(
  device: Contributor,
  event: ContributorEvent,
  world: World,
): ContributorEffect[] {
  const turn: Turn = { device, world, effects: [] };
  stepEvent(turn, event);
  if (device.running) holdBack(turn);
  if (device.running) finish(turn);
  if (device.running) startRuntime(turn);
  if (device.running && device.memoryTrial === undefined) {
    checkAdmission(turn);
    drive(turn);
  }
  tellStatus(turn, event.type === 'tick' || event.type === 'stop');
  return turn.effects;
}

function stepEvent(turn: Turn, event: ContributorEvent): void {
  const { device, world } = turn;
  switch (event.type) {
    case 'start':
      return start(turn);
    case 'stop':
      return stop(turn);
    case 'finish':
      device.finishing = event.reason;
      return;
    case 'try-now':
      return tryNow(turn);
    case 'visible':
      device.visible = event.visible;
      return;
    case 'donate':
      return donate(turn, event.jobs);
    case 'block':
      return block(turn, event.blocks);
    case 'care':
      device.care.policy = event.policy;
      return;
    case 'signals':
      device.care.signals = event.signals;
      return;
    case 'opened':
      return openSocket(turn, event.socket);
    case 'closed':
      return loseLink(turn, event.socket, event.reason);
    case 'malformed':
      return loseLink(
        turn,
        event.socket,
        `the hub sent what cannot be read: ${event.refusal.message}`,
      );
    case 'received':
      return stepMessage(turn, event);
    case 'solved':
      return puzzleSolved(turn, event);
    case 'signed': {
      const signing = device.signing.get(event.token);
      device.signing.delete(event.token);
      if (signing?.type === 'hello') return helloSigned(turn, signing, event.signature);
      return signing === undefined ? undefined : commitSigned(turn, signing.lease, event.signature);
    }
    case 'remembered': {
      const what = remembered(turn, event.token);
      if (what?.type === 'trial') return startTrial(turn);
      if (what?.type === 'memory-trial') return startMemoryTrial(turn);
      return what === undefined ? undefined : markedEngine(turn, what.worker);
    }
    case 'fetch-progress':
    case 'runtime-progress':
    case 'fetched':
    case 'fetch-failed':
    case 'source-failed':
      return stepFetch(turn, event);
    case 'loaded':
    case 'proven':
    case 'progress':
    case 'ran':
    case 'worker-failed':
      return stepWorker(turn, event);
    case 'kept':
      device.counts.kept = event.total;
      return;
    case 'served':
      noteTraffic(device.care, event.total - device.counts.served, world.now);
      device.counts.served = event.total;
      return;
    case 'tick':
      return tick(turn);
  }
}

type WorkerEvent = Extract<
  ContributorEvent,
  { type: 'loaded' | 'proven' | 'progress' | 'ran' | 'worker-failed' }
>;

function stepWorker(turn: Turn, event: WorkerEvent): void {
  const { device } = turn;
  hearEngine(turn, event.worker);
  switch (event.type) {
    case 'loaded':
      if (!trialLoaded(turn, event)) engineLoaded(turn, event.worker);
      return;
    case 'proven':
      return void endMemoryTrial(turn, event.worker, true);
    case 'progress': {
      const shard = device.shards.find(({ run }) => run === event.run);
      if (shard !== undefined) shard.unitsDone = event.unitsDone;
      proveEngine(turn, event.worker);
      return;
    }
    case 'ran':
      if (!finishTrialRun(turn, event)) finishRun(turn, event);
      return;
    case 'worker-failed':
      if (endMemoryTrial(turn, event.worker, false)) return;
      if (!trialFailed(turn, event) && !unitFailed(turn, event)) engineFailed(turn, event);
      return;
  }
}

type FetchEvent = Extract<
  ContributorEvent,
  { type: 'fetch-progress' | 'runtime-progress' | 'fetched' | 'fetch-failed' | 'source-failed' }
>;

function stepFetch(turn: Turn, event: FetchEvent): void {
  const { device } = turn;
  switch (event.type) {
    case 'fetch-progress': {
      const { received, overPeers, overHttps } = event;
      countFetch(turn, event.fetch, received);
      const part = device.admission?.fetches.get(event.fetch)?.part;
      if (device.download === undefined || part !== 'model') return;
      device.download = { ...device.download, received, overPeers, overHttps };
      return;
    }
    case 'runtime-progress':
      return runtimeProgress(turn, event);
    case 'fetched':
      device.counted.delete(event.fetch);
      if (finishRuntime(turn, event.fetch)) return resumeAdmission(turn);
      if (!finishAdmissionFetch(turn, event)) finishFetch(turn, event);
      return;
    case 'fetch-failed':
      device.counted.delete(event.fetch);
      if (failRuntime(turn, event.fetch, event.refusal)) return;
      return failFetch(turn, event.fetch, event.refusal);
    case 'source-failed':
      return sourceFailed(turn, event);
  }
}

function stepMessage(
  turn: Turn,
  { socket, message }: Extract<ContributorEvent, { type: 'received' }>,
): void {
  const { device, world, effects } = turn;
  const { link } = device;
  if ((link.name !== 'connecting' && link.name !== 'ready') || link.socket !== socket) return;
  if (link.name === 'ready') link.heardAt = world.now;
  switch (message.type) {
    case 'challenge':
      return receiveChallenge(turn, message);
    case 'welcome':
      return receiveWelcome(turn, message);
    case 'refused':
      return receiveRefused(turn, { code: message.code, message: message.message });
    case 'declined':
      return message.lease === undefined
        ? undefined
        : retryShard(turn, message.lease, message.code);
    case 'about':
      return receiveAbout(turn, message.about);
    case 'admit':
      return receiveAdmit(turn, message);
    case 'lease':
      return receiveLease(turn, message);
    case 'idle':
      device.idle = message.reason;
      return considerMemory(turn, message.reason);
    case 'logged':
      return receiveLogged(turn, message);
    case 'accepted':
      return receiveAccepted(turn, message);
    case 'revoked':
      return dropShard(turn, message.lease);
    case 'judgement':
      return receiveJudgement(turn, message);
    case 'sources':
      effects.push({ type: 'sources', root: message.root, peers: message.peers });
      return;
    default:
      return;
  }
}

function tick(turn: Turn): void {
  if (!turn.device.running) return;
  tickLink(turn);
  tickAdmission(turn);
  tickMemoryTrial(turn);
  tickEngine(turn);
  tickShards(turn);
}
