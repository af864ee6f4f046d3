import { BLOCKS_NONE } from '#protocol/api/about.ts';
import { isPuzzleSolved } from '#protocol/bytes/puzzle.ts';
import {
  type Capabilities,
  HELLO_DEADLINE_MS,
  PROTOCOL_VERSION,
  PUZZLE_DEADLINE_MS,
} from '#protocol/messages/control.ts';
import type { JobId, Nonce, PeerId, PublicKey, Signature } from '#protocol/values/ids.ts';
import type { Refusal } from '#protocol/values/refusal.ts';
import { bytes, instant } from '#protocol/values/units.ts';
import { openPreparation } from '../jobs/prepare.ts';
import { pauseLeases, resumeLeases } from '../leasing/lease.ts';
import type { Device, Hello, Session } from '../state/device.ts';
import type { SocketId } from '../state/events.ts';
import { describeBan } from '../state/questions.ts';
import type { Ban } from '../state/trust.ts';
import { nameHardware } from '../trust/fleet.ts';
import { leaveLine } from '../trust/newcomers.ts';
import { noteSeen } from '../trust/offline-devices.ts';
import { isHere, recallDevice } from '../trust/recall.ts';
import { endSuspensionsOf } from '../trust/suspensions.ts';
import { refuseSession, send, type Turn } from '../turn.ts';
import { bookOf } from '../verifiers/epochs.ts';
import { reviewRange, sendReviews } from '../verifiers/reviews.ts';
import { sendChecks } from '../verifiers/send-checks.ts';
import { dropHoldings } from './holders.ts';
import { drawPuzzle } from './puzzle.ts';

/** A session that is silent for this many beats has gone. */
const BEATS_MISSED_MAX = 3;

const NO_CAPABILITIES: Capabilities = {
  providers: ['wasm'],
  features: [],
  threads: 1,
  memoryBytes: bytes(250 * 1024 * 1024),
  engine: 'unknown',
};

/** Sends the challenge of a new socket. */
export function greet(turn: Turn, socket: SocketId): void {
  const { hub, world } = turn;
  const nonce = world.random();
  const { now } = world;
  const bits = drawPuzzle(hub, now);
  hub.sessions.set(socket, { stage: 'greeted', nonce, bits, openedAt: now, heardAt: now });
  if (hub.stopping) {
    const message = 'the hub is stopping; try again in a minute';
    return refuseSession(turn, socket, { code: 'hub-stopping', message });
  }
  send(turn, socket, {
    type: 'challenge',
    versions: [PROTOCOL_VERSION],
    nonce,
    hub: hub.config.hub,
    ...(bits === 0 ? {} : { puzzle: { bits } }),
  });
}

/**
 * Lets a contributor or a verifier in, or refuses it with the reason. A device that may be in the
 * store alone is looked up first.
 */
export function receiveHello(turn: Turn, socket: SocketId, hello: Hello): void {
  const session = turn.hub.sessions.get(socket);
  if (session?.stage !== 'greeted' || session.isWaiting === true) {
    const message = 'hello was said already; go on with the session or open another socket';
    return refuseSession(turn, socket, { code: 'message-out-of-order', message });
  }
  const refused = checkHello(turn, session, hello);
  if (refused !== undefined) return refuseSession(turn, socket, refused);
  const { key, role } = hello.claim;
  if (role === 'verifier' || isHere(turn.hub, key)) return enterSession(turn, socket, hello);
  session.isWaiting = true;
  const busy = recallDevice(turn, key, { type: 'hello', socket, hello });
  if (busy !== undefined) refuseSession(turn, socket, busy);
}

/** Opens the session of who said a right hello, unless he has gone or is banned. */
export function enterSession(turn: Turn, socket: SocketId, hello: Hello): void {
  if (turn.hub.sessions.get(socket)?.stage !== 'greeted') return;
  const { key, role } = hello.claim;
  const { ban } = turn.hub.deviceRecords.get(key) ?? {};
  const banned = role === 'contributor' ? banProblem(turn, ban) : undefined;
  if (banned !== undefined) return refuseSession(turn, socket, banned);
  replaceOlder(turn, key);
  const { now } = turn.world;
  turn.hub.sessions.set(socket, { stage: role, key, heardAt: now, sentAt: now });
  const ticket = turn.world.random();
  turn.hub.tickets.set(ticket, key);
  const proof = turn.world.sign('welcome', hello.claim);
  if (role === 'verifier') {
    openVerifier(turn, { key, socket, ticket, reviewed: hello.reviewed ?? 0 }, proof);
  } else {
    openDevice(turn, { key, socket, ticket, capabilities: hello.capabilities }, proof);
  }
}

function checkHello(
  turn: Turn,
  session: Extract<Session, { stage: 'greeted' }>,
  hello: Hello,
): Refusal | undefined {
  const { claim, signature } = hello;
  const { hub, world } = turn;
  if (claim.version !== PROTOCOL_VERSION) {
    const message = `this hub speaks version ${PROTOCOL_VERSION}; reload the page or update`;
    return { code: 'version-unsupported', message };
  }
  if (!isAnswered(turn, session, hello)) {
    const message = `solve the puzzle of the challenge, of ${session.bits} bits: many say hello at the moment`;
    return { code: 'puzzle-unsolved', message };
  }
  const bound = claim.nonce === session.nonce && claim.hub === hub.config.hub;
  if (!bound || !world.verify({ key: claim.key, context: 'hello', record: claim, signature })) {
    const message = 'the hello must be signed by its key over this challenge and this hub';
    return { code: 'signature-wrong', message };
  }
  const { trouble } = hub;
  if (claim.role === 'verifier' && trouble !== undefined && trouble.code !== 'busy') return trouble;
  if (claim.role === 'verifier' && !hub.enrolled.has(claim.key)) {
    const message = `verifier ${claim.key} is not enrolled; the operator enrols it with POST /v1/verifiers`;
    return { code: 'verifier-unknown', message };
  }
  return undefined;
}

/** Why a device with this ban is not let in, if so. */
export function banProblem({ world }: Turn, ban: Ban | undefined): Refusal | undefined {
  if (ban === undefined || ban.until <= world.now) return undefined;
  const hours = Math.ceil((ban.until - world.now) / 3_600_000);
  return { code: 'device-banned', message: `${describeBan(ban)}; try again in ${hours} h` };
}

/** Before anything that costs more. A verifier is known by its name: its signature comes next. */
function isAnswered(
  { hub, world }: Turn,
  { nonce, bits }: Extract<Session, { stage: 'greeted' }>,
  { claim, answer }: Hello,
): boolean {
  if (bits === 0 || (claim.role === 'verifier' && hub.enrolled.has(claim.key))) return true;
  return answer !== undefined && isPuzzleSolved({ nonce, bits }, answer, world.sha256);
}

/** The newest session of a key wins: a phone may come back before the hub knows it was gone. */
function replaceOlder(turn: Turn, key: PublicKey): void {
  const older = turn.hub.devices.get(key)?.socket ?? turn.hub.verifiers.get(key)?.socket;
  if (older === undefined) return;
  const message = 'another session was opened with this key; close one of them';
  refuseSession(turn, older, { code: 'already-connected', message });
  closeSession(turn, older);
}

function openDevice(
  turn: Turn,
  opened: {
    key: PublicKey;
    socket: SocketId;
    ticket: string;
    capabilities: Capabilities | undefined;
  },
  proof: Signature,
): void {
  const { capabilities = NO_CAPABILITIES } = opened;
  const device: Device = {
    key: opened.key,
    socket: opened.socket,
    connectedAt: turn.world.now,
    capabilities,
    hardware: nameHardware(capabilities),
    ticket: opened.ticket,
    peer: `d-${turn.world.random().slice(0, 20)}` as PeerId,
    credits: 0,
    admitted: new Map(),
    pace: 1,
    unfit: new Map(),
    unfitJobs: new Map(),
    triedFor: new Set(),
    contradicted: new Map(),
    leases: new Set(),
    holds: new Map(),
    failedFor: new Map(),
    donates: 'none',
    blocks: BLOCKS_NONE,
    told: new Set(),
    unitsAccepted: 0,
  };
  turn.hub.devices.set(device.key, device);
  endSuspensionsOf(turn, device.key);
  const peering = { peer: device.peer, peerToken: turn.world.random() };
  welcome(turn, opened, { proof, peering });
  resumeLeases(turn, device);
}

function openVerifier(
  turn: Turn,
  opened: { key: PublicKey; socket: SocketId; ticket: string; reviewed: number },
  proof: Signature,
): void {
  const judged = turn.hub.judged.get(opened.key) ?? -1;
  const verifier = {
    ...opened,
    sentThrough: judged,
    manifests: new Set<JobId>(),
    reviewed: Math.max(opened.reviewed, reviewRange(turn.hub).from - 1),
    exitChecksAsked: new Set<number>(),
    opinionsAsked: new Set<string>(),
  };
  turn.hub.verifiers.set(opened.key, verifier);
  welcome(turn, opened, { proof });
  openPreparation(turn);
  sendChecks(turn, verifier);
  sendReviews(turn, verifier);
}

function ownBook({ hub }: Turn, key: PublicKey) {
  const book = bookOf(hub, key);
  return book === undefined ? {} : { book };
}

function welcome(
  turn: Turn,
  opened: { key: PublicKey; socket: SocketId; ticket: string },
  { proof, peering }: { proof: Signature; peering?: { peer: PeerId; peerToken: Nonce } },
): void {
  const { beatMs, seeder, iceServers, checks } = turn.hub.config;
  send(turn, opened.socket, {
    type: 'welcome',
    proof,
    now: turn.world.now,
    beatMs,
    ticket: opened.ticket,
    ...(peering === undefined ? {} : { ...peering, checks }),
    ...(peering === undefined || seeder === undefined ? {} : { seeder }),
    ...(peering === undefined
      ? { reviews: reviewRange(turn.hub), ...ownBook(turn, opened.key) }
      : {}),
    iceServers,
  });
}

/** Forgets a socket; leases of its device end after a grace. */
export function closeSession(turn: Turn, socket: SocketId): void {
  const { hub } = turn;
  const session = hub.sessions.get(socket);
  hub.sessions.delete(socket);
  if (session === undefined || session.stage === 'greeted') return;
  const device = hub.devices.get(session.key);
  if (device?.socket === socket) {
    hub.devices.delete(session.key);
    hub.waiting.delete(session.key);
    noteSeen(hub, session.key);
    dropHoldings(hub, device);
    leaveLine(hub, session.key);
    hub.tickets.delete(device.ticket);
    pauseLeases(turn, device);
  }
  const verifier = hub.verifiers.get(session.key);
  if (verifier?.socket === socket) {
    hub.verifiers.delete(session.key);
    hub.tickets.delete(verifier.ticket);
    openPreparation(turn);
  }
}

/** A message that cannot be read ends the session before hello, and is only declined after it. */
export function malformed(turn: Turn, socket: SocketId, reason: Refusal): void {
  const session = turn.hub.sessions.get(socket);
  if (session === undefined) return;
  session.heardAt = turn.world.now;
  const { code, message } = reason;
  if (session.stage === 'greeted') return refuseSession(turn, socket, { code, message });
  send(turn, socket, { type: 'declined', code, message });
}

type Greeted = Extract<Session, { stage: 'greeted' }>;
const helloMs = ({ bits }: Greeted): number =>
  bits === 0 ? HELLO_DEADLINE_MS : PUZZLE_DEADLINE_MS;

const lateReason = (session: Greeted): Refusal => {
  const seconds = helloMs(session) / 1000;
  return session.isWaiting === true
    ? { code: 'busy', message: `the disk did not give this device within ${seconds} s; try again` }
    : { code: 'hello-late', message: `no hello within ${seconds} s of the challenge` };
};

/** Ends silent sessions and keeps the others alive. */
export function beatSessions(turn: Turn): void {
  const { hub, world } = turn;
  const silentSince = instant(world.now - BEATS_MISSED_MAX * hub.config.beatMs);
  for (const [socket, session] of hub.sessions) {
    if (session.stage === 'greeted') {
      if (world.now - session.openedAt <= helloMs(session)) continue;
      refuseSession(turn, socket, lateReason(session));
      closeSession(turn, socket);
    } else if (session.heardAt < silentSince) {
      turn.effects.push({ type: 'close', socket });
      closeSession(turn, socket);
    } else if (world.now - session.sentAt >= hub.config.beatMs) {
      send(turn, socket, { type: 'beat' });
    }
  }
}

/** Ends every session, as the hub stops. */
export function stopSessions(turn: Turn): void {
  turn.hub.stopping = true;
  for (const socket of [...turn.hub.sessions.keys()]) {
    const message = 'the hub is stopping; it will be back, try again in a few seconds';
    refuseSession(turn, socket, { code: 'hub-stopping', message });
  }
}
