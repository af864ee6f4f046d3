import type { JobView } from '#protocol/api/job.ts';
import { digest } from '#protocol/bytes/digest.ts';
import type { CheckPolicy, NewcomerPolicy } from '#protocol/checks/check-policy.ts';
import { type ClientMessage, type FrameHead, HubMessage } from '#protocol/messages/control.ts';
import { encodeFrame } from '#protocol/messages/message-frame.ts';
import type { BlobRef } from '#protocol/models/package.ts';
import { mendUnit } from '#protocol/tensors/unit-bytes.ts';
import { decodeJson } from '#protocol/values/decode.ts';
import type { JobId, PublicKey } from '#protocol/values/ids.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import { instant } from '#protocol/values/units.ts';
import { type DurableState, type Hub, takeSnapshot } from '../../hub/core/hub.ts';
import { type HubBench, openHubBench, reopenHub } from '../../hub/core/hub-bench.ts';
import type { BlobRange, HubCommand } from '../../hub/core/state/events.ts';
import type { Fact, MendedUnit, UnitCut } from '../../hub/core/state/facts.ts';
import type { Clock } from './clock.ts';
import { differences } from './durable.ts';
import { FAKE_UNIT_BYTES, type FakeBlobs } from './fake-model.ts';
import { fakeKeys } from './fake-signature.ts';
import { type End, openLink, type Weather } from './network.ts';
import { type Packet, readPacket } from './packet.ts';
import type { Random } from './random.ts';

/** A simulated day begins here. */
export const DAY_ONE = instant(1_750_000_000_000);

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
  view(job: JobId): JobView | undefined;
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
  /** How verifiers check, where it is not at that rate. */
  checks?: CheckPolicy;
  newcomers: NewcomerPolicy;
  /** How many devices that are offline stay in memory. */
  offlineDevicesMax?: number;
}

/** What outlives a crash: the key and the facts. */
interface Node extends Grid {
  key: PublicKey;
  facts: Fact[];
  nextSocket: number;
  /** What a restart did not give again. */
  lost: Set<string>;
  /** Taken at some moment of this life or of one before. */
  snapshot?: DurableState;
}

/** One run of the process. */
interface Life {
  bench: HubBench;
  sockets: Map<number, { end: End<string>; cut(): void }>;
  disk: Disk;
}

interface Disk {
  lastWriteAt: number;
  /** It takes no writes before this time. */
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
      life?.bench.post({ type: 'command', request: 1, command });
    },
    read: (look) => (life === undefined ? undefined : look(life.bench.hub)),
    view: (job) => life?.bench.view(job),
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
      life.bench.kill();
      for (const { cut } of life.sockets.values()) cut();
      life = undefined;
    },
    restart() {
      life = openLife(node);
    },
  };
}

function openLife(node: Node): Life {
  const { clock } = node;
  const sockets: Life['sockets'] = new Map();
  const disk: Disk = { lastWriteAt: 0, failsUntil: 0 };
  const bench = openHubBench({
    config: {
      hub: node.key,
      checks: node.checks ?? { type: 'flat', rate: node.checkRate },
      newcomers: node.newcomers,
      ...(node.offlineDevicesMax === undefined
        ? {}
        : { offlineDevicesMax: node.offlineDevicesMax }),
    },
    facts: node.facts,
    snapshot: node.snapshot,
    copy: structuredClone,
    now: clock.now,
    keys: fakeKeys(node.key, node.random.nonce),
    write: (done) => write(node, disk, done),
    read: (done) => clock.after(node.random.between(1, 30), done),
    keep: (blob) => keep(node, disk, blob),
    mend: (cut) => mend(node, cut),
    send: (socket, message) => sockets.get(socket)?.end.send(JSON.stringify(message)),
    close: (socket) => sockets.get(socket)?.end.close(),
  });
  clock.every(500, () => {
    bench.post({ type: 'tick' });
    return !bench.isDead;
  });
  const chance = node.random.fork('snapshots');
  clock.every(3_100, () => {
    if (chance.chance(0.1)) node.snapshot = structuredClone(takeSnapshot(bench.hub));
    return !bench.isDead;
  });
  return { bench, sockets, disk };
}

function keep({ blobs, clock }: Node, disk: Disk, blob: Uint8Array | BlobRange): Result<BlobRef> {
  if (clock.now() < disk.failsUntil) return refuse('disk-full', 'the disk takes no writes');
  if (blob instanceof Uint8Array) return accept(blobs.put(blob));
  const whole = blobs.get(blob.root) ?? new Uint8Array();
  return accept(blobs.put(whole.subarray(blob.offset, blob.offset + blob.length)));
}

function mend({ blobs }: Node, { inputs, specs, unit, items, failed }: UnitCut): MendedUnit {
  const at = unit * FAKE_UNIT_BYTES;
  const source = blobs.get(inputs.root)?.slice(at, at + FAKE_UNIT_BYTES) ?? new Uint8Array();
  const mended = mendUnit(specs, source, { items, failed });
  if (mended === undefined) throw new Error('a unit without a good item was to be mended');
  return { blob: blobs.put(mended), digest: digest(mended) };
}

/** The disk finishes what it is given in order, some milliseconds later. */
function write({ clock, random }: Node, disk: Disk, done: () => void): void {
  const least = Math.max(disk.lastWriteAt, disk.failsUntil);
  disk.lastWriteAt = Math.max(least, clock.now() + random.between(1, 30));
  clock.after(disk.lastWriteAt - clock.now(), done);
}

/**
 * The hub hears of it, as its edge would tell it: at the first write that fails, and when one
 * succeeds.
 */
function failDisk({ clock }: Node, { bench, disk }: Life, forMs: number): void {
  const code = forMs > 2_000 ? 'disk-full' : 'busy';
  const isFailing = disk.failsUntil > clock.now();
  disk.failsUntil = Math.max(disk.failsUntil, clock.now() + forMs);
  if (isFailing) return;
  bench.post({ type: 'disk', trouble: { code, message: 'the disk takes no writes' } });
  const recover = (): void => {
    const left = disk.failsUntil - clock.now();
    if (left > 0) clock.after(left, recover);
    else bench.post({ type: 'disk', trouble: undefined });
  };
  clock.after(forMs, recover);
}

/** The state that facts on disk have made is what they make again, after a snapshot too. */
function compareReplay(node: Node, { bench: { hub } }: Life): void {
  const disk = { facts: node.facts, copy: structuredClone };
  const again = reopenHub(disk, hub.config);
  const resumed = reopenHub({ ...disk, snapshot: node.snapshot }, hub.config);
  for (const part of differences(hub, again)) node.lost.add(part);
  for (const part of differences(again, resumed)) node.lost.add(`${part}, after a snapshot`);
  if (openUnits(again) !== openUnits(resumed)) node.lost.add('open units, after a snapshot');
}

/** Both hubs lend what was committed to, and nothing else. */
const openUnits = ({ jobs }: Hub): string =>
  JSON.stringify([...jobs].map(([id, { open }]) => [id, open]));

function dial(node: Node, { bench, sockets }: Life, client: Client): ClientEnd {
  const socket = node.nextSocket++;
  const link = openLink<Packet, string>(
    node,
    { received: (text) => client.received(readText(text)), closed: client.closed },
    {
      received: (packet) => bench.post(readPacket(socket, packet)),
      closed() {
        sockets.delete(socket);
        bench.post({ type: 'disconnected', socket });
      },
    },
  );
  sockets.set(socket, { end: link.right, cut: link.cut });
  node.clock.after(1, () => bench.post({ type: 'connected', socket }));
  return {
    send: (message) => link.left.send(JSON.stringify(message)),
    sendFrame: (head, payload) => link.left.send(encodeFrame(head, payload)),
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
