import { sha256 } from '#protocol/bytes/digest.ts';
import type { NewcomerPolicy } from '#protocol/checks/check-policy.ts';
import { ClientMessage, type FrameHead, HubMessage } from '#protocol/messages/control.ts';
import { decodeFrame, encodeFrame } from '#protocol/messages/message-frame.ts';
import { decodeJson } from '#protocol/values/decode.ts';
import type { JobId, PublicKey } from '#protocol/values/ids.ts';
import { instant, millis } from '#protocol/values/units.ts';
import { type Hub, openHub, stepHub, viewJob } from '../../hub/core/hub.ts';
import type { BlobRange, HubCommand, HubEffect, HubEvent } from '../../hub/core/state/events.ts';
import { appliedFacts } from '../../hub/core/state/fact-lists.ts';
import type { Fact } from '../../hub/core/state/facts.ts';
import type { Clock } from './clock.ts';
import { differences } from './durable.ts';
import type { FakeBlobs } from './fake-model.ts';
import { fakeSign } from './fake-signature.ts';
import { type End, openLink, type Weather } from './network.ts';
import type { Random } from './random.ts';

/** A simulated day begins here. */
export const DAY_ONE = instant(1_750_000_000_000);

/** What travels on a simulated control socket: text or a binary frame, both really encoded. */
type Packet = { text: string } | { frame: Uint8Array };

export interface HubNode {
  readonly key: PublicKey;
  readonly up: boolean;
  /** Facts on the simulated disk: these and no others survive a crash. */
  readonly facts: readonly Fact[];
  /** Opens a control socket; undefined while the hub is down. */
  dial(client: Client): ClientEnd | undefined;
  /** Does nothing while the hub is down; what it answers is not heard. */
  command(command: HubCommand): void;
  /** What its state says; undefined while it is down. */
  read<T>(look: (hub: Hub) => T): T | undefined;
  view(job: JobId): ReturnType<typeof viewJob>;
  /** `kill -9`: memory and unwritten facts are gone. */
  crash(): void;
  restart(): void;
  /**
   * From now on for so long the disk takes no writes: what is written meanwhile waits, in order.
   */
  failDisk(forMs: number): void;
  /**
   * Parts of the state that its facts do not give again, found so far at crashes and when asked.
   */
  checkReplay(): readonly string[];
}

interface Client {
  received(message: HubMessage): void;
  closed(): void;
}

export interface ClientEnd {
  send(message: ClientMessage): void;
  sendFrame(head: FrameHead, payload: Uint8Array): void;
  close(): void;
}

interface Grid {
  clock: Clock;
  random: Random;
  weather: Weather;
  blobs: FakeBlobs;
  /** Enrolled from the start. */
  verifiers: readonly PublicKey[];
  checkRate: number;
  newcomers: NewcomerPolicy;
}

/** What outlives a crash: the key and the facts. */
interface Node extends Grid {
  key: PublicKey;
  facts: Fact[];
  nextSocket: number;
  /** What a restart did not give again. */
  lost: Set<string>;
}

/** One run of the process. */
interface Life {
  hub: Hub;
  sockets: Map<number, { end: End<string>; cut(): void }>;
  dead: boolean;
  lastWriteAt: number;
  /** The disk takes no writes before this time. */
  failsUntil: number;
}

export function openHubNode(grid: Grid): HubNode {
  const random = grid.random.fork('hub');
  const node: Node = {
    ...grid,
    random,
    key: random.nonce() as string as PublicKey,
    facts: grid.verifiers.map((key) => ({ type: 'verifier-enrolled', key, at: grid.clock.now() })),
    nextSocket: 1,
    lost: new Set(),
  };
  let life: Life | undefined = openLife(node);
  return {
    key: node.key,
    get up() {
      return life !== undefined;
    },
    facts: node.facts,
    dial: (client) => (life === undefined ? undefined : dial(node, life, client)),
    command(command) {
      if (life !== undefined) post(node, life, { type: 'command', request: 1, command });
    },
    read: (look) => (life === undefined ? undefined : look(life.hub)),
    view: (job) => (life === undefined ? undefined : viewJob(life.hub, job)),
    failDisk(forMs) {
      if (life !== undefined) failDisk(node, life, forMs);
    },
    checkReplay() {
      if (life !== undefined) compareReplay(node, life);
      return [...node.lost];
    },
    crash() {
      if (life === undefined) return;
      compareReplay(node, life);
      life.dead = true;
      for (const { cut } of life.sockets.values()) cut();
      life = undefined;
    },
    restart() {
      life = openLife(node);
    },
  };
}

function openLife(node: Node): Life {
  const hub = openHub(structuredClone(appliedFacts(node.facts)), {
    hub: node.key,
    checks: { type: 'flat', rate: node.checkRate },
    beatMs: millis(20_000),
    iceServers: [],
    needsVerifier: true,
    barMs: millis(86_400_000),
    newcomers: node.newcomers,
  });
  const life: Life = { hub, sockets: new Map(), dead: false, lastWriteAt: 0, failsUntil: 0 };
  node.clock.every(500, () => {
    post(node, life, { type: 'tick' });
    return !life.dead;
  });
  return life;
}

function post(node: Node, life: Life, event: HubEvent): void {
  if (life.dead) return;
  const effects = stepHub(life.hub, event, {
    now: node.clock.now(),
    random: node.random.nonce,
    sign: (context, record) => fakeSign(node.key, context, record),
    verify: (signed) => fakeSign(signed.key, signed.context, signed.record) === signed.signature,
    sha256,
  });
  for (const effect of effects) perform(node, life, effect);
}

function perform(node: Node, life: Life, effect: HubEffect): void {
  switch (effect.type) {
    case 'send':
      return life.sockets.get(effect.socket)?.end.send(JSON.stringify(effect.message));
    case 'close':
      return life.sockets.get(effect.socket)?.end.close();
    case 'store':
      return write(node, life, () => {
        node.facts.push(...structuredClone(effect.facts));
        post(node, life, { type: 'stored', token: effect.token });
      });
    case 'keep': {
      const refs = effect.blobs.map((blob) => keep(node, blob));
      return write(node, life, () => post(node, life, { type: 'kept', token: effect.token, refs }));
    }
    default:
      return;
  }
}

function keep({ blobs }: Node, blob: Uint8Array | BlobRange) {
  if (blob instanceof Uint8Array) return blobs.put(blob);
  const whole = blobs.get(blob.root) ?? new Uint8Array();
  return blobs.put(whole.subarray(blob.offset, blob.offset + blob.length));
}

/** The disk finishes what it is given in order, some milliseconds later. */
function write({ clock, random }: Node, life: Life, done: () => void): void {
  const least = Math.max(life.lastWriteAt, life.failsUntil);
  life.lastWriteAt = Math.max(least, clock.now() + random.between(1, 30));
  clock.after(life.lastWriteAt - clock.now(), () => {
    if (!life.dead) done();
  });
}

/**
 * The hub hears of it, as its edge would tell it: at the first write that fails, and when one
 * succeeds.
 */
function failDisk(node: Node, life: Life, forMs: number): void {
  const { clock } = node;
  const code = forMs > 2_000 ? 'disk-full' : 'busy';
  const isFailing = life.failsUntil > clock.now();
  life.failsUntil = Math.max(life.failsUntil, clock.now() + forMs);
  if (isFailing) return;
  post(node, life, { type: 'disk', trouble: { code, message: 'the disk takes no writes' } });
  const recover = (): void => {
    const left = life.failsUntil - clock.now();
    if (left > 0) clock.after(left, recover);
    else post(node, life, { type: 'disk', trouble: undefined });
  };
  clock.after(forMs, recover);
}

/** The state that facts on disk have made is the state that they make again. */
function compareReplay(node: Node, life: Life): void {
  const again = openHub(structuredClone(appliedFacts(node.facts)), life.hub.config);
  for (const part of differences(life.hub, again)) node.lost.add(part);
}

function dial(node: Node, life: Life, client: Client): ClientEnd {
  const socket = node.nextSocket++;
  const link = openLink<Packet, string>(
    node,
    { received: (text) => client.received(readText(text)), closed: client.closed },
    {
      received: (packet) => post(node, life, readPacket(socket, packet)),
      closed() {
        life.sockets.delete(socket);
        post(node, life, { type: 'disconnected', socket });
      },
    },
  );
  life.sockets.set(socket, { end: link.right, cut: link.cut });
  node.clock.after(1, () => post(node, life, { type: 'connected', socket }));
  return {
    send: (message) => link.left.send({ text: JSON.stringify(message) }),
    sendFrame: (head, payload) => link.left.send({ frame: encodeFrame(head, payload) }),
    close: link.left.close,
  };
}

function readText(text: string): HubMessage {
  const message = decodeJson(HubMessage, text);
  if (message.ok) return message.value;
  throw new Error(
    `the hub said what it may not: ${message.refusal.message} in ${text.slice(0, 200)}`,
  );
}

function readPacket(socket: number, packet: Packet): HubEvent {
  if ('text' in packet) {
    const message = decodeJson(ClientMessage, packet.text);
    if (!message.ok) return { type: 'malformed', socket, refusal: message.refusal };
    return { type: 'received', socket, message: message.value };
  }
  const frame = decodeFrame(packet.frame);
  if (!frame.ok) return { type: 'malformed', socket, refusal: frame.refusal };
  return { type: 'framed', socket, head: frame.value.head, payload: frame.value.payload };
}
