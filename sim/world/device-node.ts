import { BLOCKS_NONE, type Blocks } from '#protocol/api/about.ts';
import { solvePuzzle } from '#protocol/bytes/puzzle.ts';
import { CARE_NONE, SIGNALS_NONE } from '#protocol/messages/care.ts';
import type { Donation, FrameHead } from '#protocol/messages/control.ts';
import type { TensorSpec } from '#protocol/tensors/tensor.ts';
import type { LeaseId, PublicKey, Root } from '#protocol/values/ids.ts';
import { refusal } from '#protocol/values/refusal.ts';
import { bytes, millis } from '#protocol/values/units.ts';
import {
  type Contributor,
  openContributor,
  stepContributor,
} from '../../worker/core/contributor.ts';
import type {
  ContributorEffect,
  ContributorEvent,
  DeviceMemory,
  FetchTarget,
} from '../../worker/core/events.ts';
import type { Clock } from './clock.ts';
import type { FakeGpu } from './fake-gpu.ts';
import {
  digestAll,
  FAKE_TAP_BYTES,
  FAKE_UNIT_BYTES,
  type FakeBlobs,
  fakeCompute,
  fakeTaps,
} from './fake-model.ts';
import { fakeSign } from './fake-signature.ts';
import type { ClientEnd, HubNode } from './hub-node.ts';
import { type LiarMemory, type Lie, lieAboutFrame, lieAboutMessage, lieAboutUnit } from './lies.ts';
import { POISON_WORDS, poisonedPlaces, poisonOf } from './poison.ts';
import type { Random } from './random.ts';

export interface DeviceNode {
  readonly key: PublicKey;
  /** Leases whose `accepted` reached this device, and log indexes whose `logged` did. */
  readonly acknowledged: { leases: LeaseId[]; indexes: number[] };
  /** The tab is closed without a word. */
  vanish(): void;
  comeBack(): void;
  /** Its person chooses what to give away, from now on and in later tabs. */
  donate(jobs: Donation): void;
  /** Its person chooses what it wants no work of, likewise. */
  block(blocks: Blocks): void;
}

export interface DeviceTraits {
  /** What a unit takes it, of any model or by the root of the model's file. */
  unitMs: number | ((model: Root) => number);
  /** Share of units computed wrong on purpose. */
  cheats: number;
  fetchFails: number;
  /** What it says its graphics processor is. */
  adapter?: string;
  /** What loading a model takes; 50 ms where it is absent. */
  loadMs?: number;
  lie?: Lie;
  /** A fake GPU: what it adds to right outputs. */
  gpu?: FakeGpu;
  /** What all liars of the grid overhear. */
  overheard?: LiarMemory['overheard'];
}

const LOAD_MS = 50;

const unitMsOf = ({ unitMs }: DeviceTraits, model: Root): number =>
  typeof unitMs === 'number' ? unitMs : unitMs(model);

interface Grid {
  clock: Clock;
  random: Random;
  blobs: FakeBlobs;
  hub: HubNode;
}

/** What outlives a tab: the key, the memory on disk, and what the world saw. */
interface Node extends Grid {
  key: PublicKey;
  traits: DeviceTraits;
  acknowledged: DeviceNode['acknowledged'];
  memory: DeviceMemory;
  donates: Donation;
  blocks: Blocks;
  liar: LiarMemory;
}

/** One opened tab. */
interface Tab {
  device: Contributor;
  dead: boolean;
  sockets: Map<number, ClientEnd>;
  cancelled: Set<number>;
  busyUntil: Map<number, number>;
  /** What each compute worker has loaded. */
  models: Map<number, { root: Root; inputs: readonly TensorSpec[] }>;
  /** Compute workers whose model has taps. */
  tapped: Set<number>;
}

/** A device of the simulated grid: the real contributor core, a fake compute worker. */
export function openDeviceNode(grid: Grid, name: string, traits: DeviceTraits): DeviceNode {
  const random = grid.random.fork(name);
  const node: Node = {
    ...grid,
    random,
    key: random.nonce() as string as PublicKey,
    traits,
    acknowledged: { leases: [], indexes: [] },
    memory: { deaths: [], admissions: [] },
    donates: 'none',
    blocks: BLOCKS_NONE,
    liar: { overheard: traits.overheard ?? {} },
  };
  let tab = openTab(node);
  return {
    key: node.key,
    acknowledged: node.acknowledged,
    vanish() {
      tab.dead = true;
      for (const end of tab.sockets.values()) end.close();
    },
    comeBack() {
      tab = openTab(node);
    },
    donate(jobs) {
      node.donates = jobs;
      post(node, tab, { type: 'donate', jobs });
    },
    block(blocks) {
      node.blocks = blocks;
      post(node, tab, { type: 'block', blocks });
    },
  };
}

function openTab(node: Node): Tab {
  const device = openContributor({
    key: node.key,
    capabilities: {
      providers: [node.traits.gpu === undefined ? 'wasm' : 'webgpu'],
      features: [],
      threads: 1,
      memoryBytes: bytes(250_000_000),
      engine: 'simulated',
      ...(node.traits.adapter === undefined ? {} : { adapter: node.traits.adapter }),
    },
    provider: 'auto',
    skipped: [],
    knownBad: [],
    runtime: 'simulated',
    memory: node.memory,
    fetchesRuntime: false,
    isKept: true,
    provableBytes: bytes(1e9),
    recycleShards: 50,
    serves: false,
    donates: node.donates,
    blocks: node.blocks,
    care: CARE_NONE,
    signals: SIGNALS_NONE,
  });
  const tab: Tab = {
    device,
    dead: false,
    sockets: new Map(),
    cancelled: new Set(),
    busyUntil: new Map(),
    models: new Map(),
    tapped: new Set(),
  };
  node.clock.every(500, () => {
    post(node, tab, { type: 'tick' });
    return !tab.dead;
  });
  post(node, tab, { type: 'visible', visible: true });
  post(node, tab, { type: 'start' });
  return tab;
}

function post(node: Node, tab: Tab, event: ContributorEvent): void {
  if (tab.dead) return;
  const world = { now: node.clock.now(), random: node.random.nonce };
  for (const effect of stepContributor(tab.device, event, world)) perform(node, tab, effect);
}

function perform(node: Node, tab: Tab, effect: ContributorEffect): void {
  const later = (ms: number, event: ContributorEvent): void =>
    node.clock.after(ms, () => post(node, tab, event));
  switch (effect.type) {
    case 'connect':
      return connect(node, tab, effect.socket);
    case 'close':
      return tab.sockets.get(effect.socket)?.close();
    case 'send':
      return send(node, tab, effect);
    case 'send-frame':
      return sendFrame(node, tab.sockets.get(effect.socket), effect);
    case 'solve': {
      const answer = solvePuzzle(effect.puzzle, { first: 0, tries: Number.MAX_SAFE_INTEGER }) ?? 0;
      return later(1_000, { type: 'solved', socket: effect.socket, answer });
    }
    case 'sign': {
      const signature = fakeSign(node.key, effect.context, effect.record);
      return later(2, { type: 'signed', token: effect.token, signature });
    }
    case 'remember':
      node.memory = structuredClone(effect.memory);
      return later(2, { type: 'remembered', token: effect.token });
    case 'fetch':
      return fetch(node, tab, effect);
    case 'cancel-fetch':
      tab.cancelled.add(effect.fetch);
      return;
    case 'load':
      tab.busyUntil.set(effect.worker, node.clock.now());
      tab.models.set(effect.worker, {
        root: effect.model.root,
        inputs: effect.runtime.inputs,
      });
      if (effect.runtime.kind === 'graph' && effect.runtime.taps?.length)
        tab.tapped.add(effect.worker);
      return later(node.traits.loadMs ?? LOAD_MS, { type: 'loaded', worker: effect.worker });
    case 'run':
      return run(node, tab, effect);
    case 'terminate':
      tab.busyUntil.delete(effect.worker);
      return;
    default:
      return;
  }
}

function send(node: Node, tab: Tab, effect: Extract<ContributorEffect, { type: 'send' }>): void {
  const leases = tab.device.shards.map(({ lease }) => lease);
  const device = { key: node.key, random: node.random, memory: node.liar, leases };
  const end = tab.sockets.get(effect.socket);
  for (const said of lieAboutMessage(node.traits.lie, effect.message, device)) end?.send(said);
}

function sendFrame(
  node: Node,
  end: ClientEnd | undefined,
  frame: { head: FrameHead; payload: Uint8Array },
): void {
  const said = lieAboutFrame(node.traits.lie, frame, node.random);
  if (said === undefined) return;
  if ('head' in said) end?.sendFrame(said.head, said.payload);
  else end?.send(said);
}

function connect(node: Node, tab: Tab, socket: number): void {
  const { clock, hub, acknowledged } = node;
  const client: Parameters<HubNode['dial']>[0] = {
    received(message) {
      if (tab.dead) return;
      if (message.type === 'accepted') acknowledged.leases.push(message.lease);
      if (message.type === 'logged') acknowledged.indexes.push(message.entry.index);
      post(node, tab, { type: 'received', socket, message });
    },
    closed: () => post(node, tab, { type: 'closed', socket, reason: 'the socket closed' }),
  };
  const end = hub.dial(client);
  if (end === undefined) {
    return clock.after(50, () =>
      post(node, tab, { type: 'closed', socket, reason: 'the hub is down' }),
    );
  }
  tab.sockets.set(socket, end);
  clock.after(1, () => post(node, tab, { type: 'opened', socket }));
}

function fetch(node: Node, tab: Tab, effect: Extract<ContributorEffect, { type: 'fetch' }>): void {
  const { clock, random, hub, traits } = node;
  clock.after(random.between(20, 200), () => {
    if (tab.cancelled.has(effect.fetch)) return;
    const found =
      hub.up && !random.chance(traits.fetchFails) ? read(node, effect.target) : undefined;
    if (found === undefined) {
      const failed = refusal('download-failed', 'the hub could not be reached');
      return post(node, tab, { type: 'fetch-failed', fetch: effect.fetch, refusal: failed });
    }
    const data = effect.wantBytes ? { bytes: found } : {};
    post(node, tab, { type: 'fetched', fetch: effect.fetch, ...data });
  });
}

function read({ blobs }: Node, target: FetchTarget): Uint8Array<ArrayBuffer> | undefined {
  if (target.kind === 'blob') return blobs.get(target.ref.root)?.slice();
  const length = (target.digests.length / 32) * target.unitBytes;
  return blobs.get(target.root)?.slice(target.offset, target.offset + length);
}

type Run = Extract<ContributorEffect, { type: 'run' }>;

function run(node: Node, tab: Tab, effect: Run): void {
  const { clock, random, traits } = node;
  const { worker, unitCount } = effect;
  const loaded = tab.models.get(worker);
  if (loaded === undefined) throw new Error('a worker ran without a model');
  const model = loaded.root;
  if (failRun(node, tab, { effect, specs: loaded.inputs, model })) return;
  const outputs = new Uint8Array(unitCount * FAKE_UNIT_BYTES);
  const inside = new Uint8Array(tab.tapped.has(worker) ? unitCount * FAKE_TAP_BYTES : 0);
  for (let unit = 0; unit < unitCount; unit += 1) {
    const at = unit * FAKE_UNIT_BYTES;
    const inputs = effect.inputs.subarray(at, at + FAKE_UNIT_BYTES);
    if (inside.length > 0) inside.set(fakeTaps(model, inputs), unit * FAKE_TAP_BYTES);
    const made = fakeCompute(model, inputs);
    // A cheat is honest in admission: those runs hold one unit.
    if (unitCount > 1 && random.chance(traits.cheats)) made[0] = (made[0] ?? 0) ^ 1;
    traits.gpu?.(made);
    const { lie } = unitCount > 1 ? traits : {};
    outputs.set(lieAboutUnit(lie, made, { random, memory: node.liar }), at);
  }
  const computeMs = millis(unitCount * unitMsOf(traits, model));
  const end = Math.max(tab.busyUntil.get(worker) ?? 0, clock.now()) + computeMs;
  tab.busyUntil.set(worker, end);
  if (end === Infinity) return;
  clock.after(end - clock.now(), () => {
    if (!tab.busyUntil.has(worker)) return;
    const digests = digestAll(outputs);
    const taps =
      inside.length > 0
        ? { taps: { bytes: inside, digests: digestAll(inside, FAKE_TAP_BYTES) } }
        : {};
    const ran = { worker, run: effect.run, bytes: outputs, digests, ...taps, computeMs };
    post(node, tab, { type: 'ran', ...ran });
  });
}

/** A bad item ends a run, in one way or another; says whether there is one in it. */
function failRun(
  node: Node,
  tab: Tab,
  ran: { effect: Run; specs: readonly TensorSpec[]; model: Root },
): boolean {
  const { clock, random, blobs, traits } = node;
  const { worker, run, unitCount, inputs } = ran.effect;
  const poison = traits.lie === 'blind' ? undefined : poisonOf(blobs, ran.model);
  const unit = Array.from({ length: unitCount }, (_, at) =>
    inputs.subarray(at * FAKE_UNIT_BYTES, (at + 1) * FAKE_UNIT_BYTES),
  ).findIndex((bytes) => poisonedPlaces(poison, ran.specs, bytes).length > 0);
  if (unit < 0) return false;
  const told = Math.floor(random.between(0, unit + 1));
  const end =
    Math.max(tab.busyUntil.get(worker) ?? 0, clock.now()) +
    (unit + 1) * unitMsOf(traits, ran.model);
  tab.busyUntil.set(worker, poison === 'refuses' ? end : Infinity);
  if (end === Infinity) return true;
  clock.after(end - clock.now(), () => {
    if (!tab.busyUntil.has(worker)) return;
    post(node, tab, { type: 'progress', worker, run, unitsDone: told });
    const refused = { code: 'model-run-failed', message: POISON_WORDS } as const;
    const died = { code: 'provider-failed', message: 'the compute worker ended' } as const;
    if (poison === 'refuses') {
      post(node, tab, { type: 'worker-failed', worker, run, unit, refusal: refused });
    } else if (poison === 'dies') {
      post(node, tab, { type: 'worker-failed', worker, refusal: died });
    }
  });
  return true;
}
