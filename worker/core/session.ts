import { blocksAny } from '#protocol/api/about.ts';
import {
  type ContributorMessage,
  type Donation,
  type HelloClaim,
  type HubMessage,
  PROTOCOL_VERSION,
  PUZZLE_DEADLINE_MS,
} from '#protocol/messages/control.ts';
import type { Signature } from '#protocol/values/ids.ts';
import { type Reason, why } from '#protocol/values/reason.ts';
import type { Refusal, RefusalCode } from '#protocol/values/refusal.ts';
import { after, between, millis } from '#protocol/values/units.ts';
import { announce, dropAdmission } from './admission-end.ts';
import { stopEngines } from './engine.ts';
import type { ContributorEvent, SocketId } from './events.ts';
import { note } from './history.ts';
import { offeredBytes, remember } from './memory.ts';
import { dropMemoryTrial } from './memory-trial.ts';
import { pause, resendShards } from './pipeline.ts';
import { send, type Turn } from './state.ts';

const CONNECT_MS_MAX = 15_000;
const BACKOFF_MS = { first: 1_000, most: 60_000 } as const;
/** However often its person asks. */
const TRY_MS_MIN = 1_000;
const BEATS_MISSED_MAX = 3;
/** After these the hub has made up its mind; trying again would only be noise. */
const FINAL: readonly RefusalCode[] = [
  'version-unsupported',
  'device-banned',
  'already-connected',
  'signature-wrong',
];

export function start(turn: Turn): void {
  const { device } = turn;
  if (device.running) return;
  device.running = true;
  device.failures = 0;
  device.care.startedAt = turn.world.now;
  delete device.ended;
  delete device.finishing;
  note(turn, { what: 'started' });
  remember(turn);
  connect(turn);
}

function connect(turn: Turn): void {
  const { device, world, effects } = turn;
  const socket = device.nextId++;
  device.link = { name: 'connecting', socket, since: world.now };
  effects.push({ type: 'connect', socket });
}

/** The hub speaks first; there is nothing to say yet. */
export function openSocket(turn: Turn, socket: SocketId): void {
  const { link } = turn.device;
  if (link.name === 'connecting' && link.socket === socket) link.since = turn.world.now;
}

export function receiveChallenge(
  turn: Turn,
  challenge: Extract<HubMessage, { type: 'challenge' }>,
): void {
  const { device, world, effects } = turn;
  if (device.link.name !== 'connecting') return;
  if (!challenge.versions.includes(PROTOCOL_VERSION)) {
    const message = `the hub speaks other versions than ${PROTOCOL_VERSION}; reload the page or update`;
    return receiveRefused(turn, { code: 'version-unsupported', message });
  }
  const { socket } = device.link;
  const { hub, nonce, puzzle } = challenge;
  const claim: HelloClaim = {
    version: PROTOCOL_VERSION,
    role: 'contributor',
    key: device.config.key,
    hub,
    nonce,
  };
  if (puzzle === undefined) return signHello(turn, claim, { socket });
  device.link = { name: 'connecting', socket, since: world.now, solving: claim };
  effects.push({ type: 'solve', socket, puzzle: { ...puzzle, nonce } });
}

/** The puzzle of a challenge is solved. */
export function puzzleSolved(
  turn: Turn,
  solved: Extract<ContributorEvent, { type: 'solved' }>,
): void {
  const { link } = turn.device;
  if (link.name !== 'connecting' || link.solving === undefined) return;
  const { socket, answer } = solved;
  if (link.socket !== socket) return;
  turn.device.link = { name: 'connecting', socket, since: turn.world.now };
  signHello(turn, link.solving, { socket, answer });
}

function signHello(
  { device, effects }: Turn,
  claim: HelloClaim,
  hello: { socket: SocketId; answer?: number },
): void {
  const token = device.nextId++;
  device.signing.set(token, { type: 'hello', ...hello, record: claim });
  effects.push({ type: 'sign', token, context: 'hello', record: claim });
}

export function helloSigned(
  turn: Turn,
  signing: { socket: SocketId; answer?: number; record: unknown },
  signature: Signature,
): void {
  const { device, effects } = turn;
  if (device.link.name !== 'connecting' || device.link.socket !== signing.socket) return;
  const claim = signing.record as HelloClaim;
  const { capabilities: own } = device.config;
  const capabilities = { ...own, memoryBytes: offeredBytes(device) };
  const answer = signing.answer === undefined ? {} : { answer: signing.answer };
  const message: ContributorMessage = { type: 'hello', claim, signature, capabilities, ...answer };
  effects.push({ type: 'send', socket: signing.socket, message });
}

export function receiveWelcome(
  turn: Turn,
  welcome: Extract<HubMessage, { type: 'welcome' }>,
): void {
  const { device, world, effects } = turn;
  if (device.link.name !== 'connecting') return;
  const { socket } = device.link;
  device.failures = 0;
  device.requested = 0;
  delete device.idle;
  if (welcome.checks !== undefined) device.checks = welcome.checks;
  const { now } = world;
  device.link = { name: 'ready', socket, heardAt: now, sentAt: now, beatMs: welcome.beatMs };
  effects.push({
    type: 'joined',
    ticket: welcome.ticket,
    ...(welcome.peer === undefined ? {} : { peer: welcome.peer }),
    ...(welcome.peerToken === undefined ? {} : { peerToken: welcome.peerToken }),
    ...(welcome.seeder === undefined ? {} : { seeder: welcome.seeder }),
    iceServers: welcome.iceServers.map(({ urls, username, credential }) => ({
      urls,
      ...(username === undefined ? {} : { username }),
      ...(credential === undefined ? {} : { credential }),
    })),
  });
  // Before anything is asked for: it holds for leases given from then on.
  if (device.donates !== 'none') donate(turn, device.donates);
  if (blocksAny(device.blocks)) send(turn, { type: 'block', blocks: device.blocks });
  reannounce(turn);
  resendShards(turn);
}

export function donate(turn: Turn, jobs: Donation): void {
  turn.device.donates = jobs;
  send(turn, { type: 'donate', jobs });
}

/** A hub that has forgotten us learns again which packages we passed. */
function reannounce(turn: Turn): void {
  const { admission, packages } = turn.device;
  for (const id of packages.keys()) if (admission?.package !== id) announce(turn, id);
}

export function receiveRefused(turn: Turn, refusal: Refusal): void {
  const { device, effects } = turn;
  if (device.link.name === 'connecting' || device.link.name === 'ready') {
    effects.push({ type: 'close', socket: device.link.socket });
  }
  if (!FINAL.includes(refusal.code)) return wait(turn, refusal.message);
  device.link = { name: 'refused', refusal };
  device.shards = [];
  dropAdmission(turn);
  dropMemoryTrial(turn);
  stopEngines(turn);
  effects.push({ type: 'left' });
}

export function loseLink(turn: Turn, socket: SocketId, reason: string): void {
  const { link, running } = turn.device;
  if ((link.name !== 'connecting' && link.name !== 'ready') || link.socket !== socket) return;
  if (running) wait(turn, reason);
}

/** Exponential back-off with jitter: half to all of 1, 2, 4 … 60 s. */
function wait(turn: Turn, reason: string): void {
  const { device, world } = turn;
  const most = Math.min(BACKOFF_MS.most, BACKOFF_MS.first * 2 ** device.failures);
  device.failures = Math.min(device.failures + 1, 10);
  const jitter = Number.parseInt(world.random().slice(0, 8), 16) / 2 ** 32;
  const until = after(world.now, millis(most * (0.5 + jitter / 2)));
  device.link = { name: 'waiting', since: world.now, until, reason };
  device.requested = 0;
}

/** Connects without waiting longer, once a second at most; the waits after it grow no further by it. */
export function tryNow(turn: Turn): void {
  const { device, world } = turn;
  const { link } = device;
  if (link.name !== 'waiting' || between(link.since, world.now) < TRY_MS_MIN) return;
  device.failures = Math.max(0, device.failures - 1);
  connect(turn);
}

/** Gives all back and leaves; `ended` says why where its person has not just said so. */
export function stop(turn: Turn, ended?: Reason): void {
  const { device, effects } = turn;
  if (!device.running) return;
  if (ended !== undefined) device.ended = ended;
  note(turn, { what: 'stopped' });
  pause(turn, why('stopped', {}));
  send(turn, { type: 'bye', reason: why('stopped', {}) });
  if (device.link.name === 'connecting' || device.link.name === 'ready') {
    effects.push({ type: 'close', socket: device.link.socket });
  }
  device.running = false;
  device.link = { name: 'off' };
  device.shards = [];
  device.signing.clear();
  device.requested = 0;
  effects.push({ type: 'left' });
}

/** Stops a device that is to take nothing more, once nothing is under way. */
export function finish(turn: Turn): void {
  const { finishing, shards, admission, memoryTrial } = turn.device;
  const isTesting = admission?.stage === 'fetching' || admission?.stage === 'trying';
  const isBusy = shards.length > 0 || isTesting || memoryTrial !== undefined;
  if (finishing !== undefined && !isBusy) stop(turn, finishing);
}

export function tickLink(turn: Turn): void {
  const { device, world, effects } = turn;
  const { link } = device;
  switch (link.name) {
    case 'waiting':
      if (link.until <= world.now) connect(turn);
      return;
    case 'connecting':
      if (
        between(link.since, world.now) <
        (link.solving !== undefined ? PUZZLE_DEADLINE_MS : CONNECT_MS_MAX)
      ) {
        return;
      }
      effects.push({ type: 'close', socket: link.socket });
      return wait(turn, 'the hub did not answer in time');
    case 'ready':
      if (between(link.heardAt, world.now) > BEATS_MISSED_MAX * link.beatMs) {
        effects.push({ type: 'close', socket: link.socket });
        return wait(turn, 'the hub fell silent');
      }
      if (between(link.sentAt, world.now) >= link.beatMs) send(turn, { type: 'beat' });
      return;
    default:
      return;
  }
}
