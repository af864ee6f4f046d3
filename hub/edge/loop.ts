import type { JobView } from '#protocol/api/job.ts';
import type { HubMessage } from '#protocol/messages/control.ts';
import type { BlobRef } from '#protocol/models/package.ts';
import type { JobId, Nonce, PeerId, PublicKey } from '#protocol/values/ids.ts';
import {
  accept,
  PocketgridError,
  type Refusal,
  type Result,
  refusal,
  refuse,
} from '#protocol/values/refusal.ts';
import { type Hub, stepHub } from '../core/hub.ts';
import type {
  BlobRange,
  HubCommand,
  HubEffect,
  HubEvent,
  RecutInputs,
  RequestId,
  SocketId,
  Token,
  World,
} from '../core/state/events.ts';
import type { Fact, ItemCut, MendedUnit, UnitCut } from '../core/state/facts.ts';
import type { DeviceRecord } from '../core/state/trust.ts';
import { forStrangers } from './blobs/disk-error.ts';
import type { Clock } from './process/clock.ts';
import type { Log } from './process/log.ts';
import type { HubCounters } from './process/metrics.ts';

/** What the loop needs to perform effects. */
export interface LoopWorld {
  world: Omit<World, 'now'>;
  clock: Clock;
  /**
   * Resolves when the facts are on disk; calls are kept in order. Rejects when the hub is stopping.
   */
  append(facts: readonly Fact[]): Promise<void>;
  /** Makes a blob of these bytes, or of a part of another blob. */
  keep(blob: Uint8Array | BlobRange): Promise<Result<BlobRef>>;
  /** Cuts units of several items into units of one. */
  recut(cut: ItemCut): Promise<Result<RecutInputs>>;
  /** Puts good items in the place of failed ones. */
  mend(cut: UnitCut): Promise<Result<MendedUnit>>;
  /** The newest archived record of a device. */
  load(device: PublicKey): Promise<DeviceRecord | undefined>;
  send(socket: SocketId, message: HubMessage): void;
  close(socket: SocketId): void;
  /** A peer id and its token were given out, or the socket they were given to has gone. */
  peerGiven(socket: SocketId, peer: PeerId, token: Nonce): void;
  socketGone(socket: SocketId): void;
  /** A group of facts is asked for; what it returns is called when the group is on disk. */
  observeWrite(): () => void;
  counters: HubCounters;
  log: Log;
  /** Milliseconds, sleep counted; those of the system unless a test says otherwise. */
  monotonic?: () => number;
}

/** Hears of a change of a job. */
export type Changed = (units?: { first: number; end: number }) => void;

/** The hub's core, with its effects performed. */
export interface HubLoop {
  post(event: HubEvent): void;
  /** Puts a command to the core; answered once what it decides is on disk. */
  command(command: HubCommand): Promise<Result<JobView | null>>;
  /**
   * Calls back whenever the job's view may have changed, with the units that were accepted where
   * that is why; returns how to stop.
   */
  watch(job: JobId, changed: Changed): () => void;
  /** Tells the core why the disk takes no writes, or that it does again. */
  disk(trouble: Refusal | undefined): void;
  /** Tells the core that the hub is stopping, and stops the clock. */
  stop(): void;
}

const TICK_MS = 500;
const SCHEDULE_MS = 100;
/** A tick that comes so late is the first one after a stall or a sleep. */
const LATE_MS = 5_000;
const COMMAND_DEADLINE_MS = 15_000;
const COMMANDS_WAITING_MAX = 1_000;

/** The loop's own state. */
interface Loop {
  hub: Hub;
  edge: LoopWorld;
  world: World;
  queue: HubEvent[];
  running: boolean;
  waiting: Map<RequestId, (result: Result<JobView | null>) => void>;
  watchers: Map<JobId, Set<Changed>>;
  nextRequest: RequestId;
  tickedAt: number;
  scheduledAt: number;
}

/** The one loop of a hub: events go in one at a time, their effects are performed in order. */
export function openLoop(hub: Hub, edge: LoopWorld): HubLoop {
  const loop: Loop = {
    hub,
    edge,
    world: { ...edge.world, now: edge.clock() },
    queue: [],
    running: false,
    waiting: new Map(),
    watchers: new Map(),
    nextRequest: 1,
    tickedAt: readMonotonic(edge),
    scheduledAt: Number.NEGATIVE_INFINITY,
  };
  const timer = setInterval(() => tick(loop), TICK_MS);
  timer.unref();
  return {
    post: (event) => post(loop, event),
    command: (command) => runCommand(loop, command),
    watch: (job, changed) => watch(loop, job, changed),
    disk: (trouble) => noteDisk(loop, trouble),
    stop() {
      clearInterval(timer);
      post(loop, { type: 'stopping' });
    },
  };
}

const readMonotonic = ({ monotonic = () => performance.now() }: LoopWorld): number => monotonic();

/** Time goes on; whether the process stood still is told before anything is judged late. */
function tick(loop: Loop): void {
  const now = readMonotonic(loop.edge);
  const lateMs = now - loop.tickedAt - TICK_MS;
  loop.tickedAt = now;
  if (lateMs >= LATE_MS) {
    loop.edge.log.warn({ seconds: Math.round(lateMs / 1_000) }, 'this process stood still');
    post(loop, { type: 'woke' });
  }
  post(loop, { type: 'tick' });
}

/** An effect may cause an event at once; it waits until the effects before it are performed. */
function post(loop: Loop, event: HubEvent): void {
  const { queue } = loop;
  queue.push(event);
  if (loop.running) return;
  loop.running = true;
  try {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) step(loop, next);
  } finally {
    loop.running = false;
  }
}

function step(loop: Loop, event: HubEvent): void {
  loop.world.now = loop.edge.clock();
  let effects: HubEffect[];
  try {
    effects = stepHub(loop.hub, event, loop.world);
  } catch (error) {
    stepFailed(loop, event, error);
    return;
  }
  for (const effect of effects) perform(loop, effect);
  if (event.type === 'disconnected') loop.edge.socketGone(event.socket);
}

/** A bug in the core must cost one socket or one request, never the hub. */
function stepFailed(loop: Loop, event: HubEvent, error: unknown): void {
  const { edge } = loop;
  edge.counters.stepErrors += 1;
  edge.log.error({ event: event.type, error: explain(error) }, 'the core threw; this is a bug');
  if (event.type === 'disconnected') edge.socketGone(event.socket);
  else if ('socket' in event) edge.close(event.socket);
  if (event.type === 'command')
    reply(loop, event.request, { ok: false, refusal: toRefusal(error) });
}

function perform(loop: Loop, effect: HubEffect): void {
  switch (effect.type) {
    case 'send':
      return deliver(loop.edge, effect.socket, effect.message);
    case 'close':
      return loop.edge.close(effect.socket);
    case 'store':
      return persist(loop, effect.token, effect.facts);
    case 'keep':
      return void keep(loop, effect.token, effect.blobs);
    case 'recut':
      return void recut(loop, effect.token, effect.cut);
    case 'mend':
      return void mend(loop, effect.token, effect.cut);
    case 'load':
      return void load(loop, effect.device);
    case 'reply':
      return reply(loop, effect.request, effect.result);
    case 'schedule':
      return scheduleLater(loop);
    case 'changed':
      for (const changed of loop.watchers.get(effect.job) ?? []) changed(effect.units);
      return;
    case 'look-late':
      return lookLater(loop, effect);
  }
}

/** All devices that wait are walked through: behind what has arrived, and at most ten times a second. */
function scheduleLater(loop: Loop): void {
  const now = () => readMonotonic(loop.edge);
  const due = () => {
    loop.scheduledAt = now();
    post(loop, { type: 'schedule' });
  };
  const waitMs = loop.scheduledAt + SCHEDULE_MS - now();
  if (waitMs > 0) setTimeout(due, waitMs).unref();
  else setImmediate(due);
}

function lookLater(loop: Loop, { job, afterMs }: Extract<HubEffect, { type: 'look-late' }>): void {
  setTimeout(() => post(loop, { type: 'look-late', job }), afterMs).unref();
}

function deliver(edge: LoopWorld, socket: SocketId, message: HubMessage): void {
  if (message.type === 'lease') edge.counters.leases += 1;
  else if (message.type === 'accepted') edge.counters.shardsAccepted += 1;
  else if ('code' in message && message.code === 'lease-expired') edge.counters.leasesExpired += 1;
  else if (message.type === 'welcome') {
    const { peer, peerToken } = message;
    if (peer !== undefined && peerToken !== undefined) edge.peerGiven(socket, peer, peerToken);
  }
  edge.send(socket, message);
}

function persist(loop: Loop, token: Token, facts: readonly Fact[]): void {
  const { edge } = loop;
  const isWritten = edge.observeWrite();
  edge.append(facts).then(
    () => {
      isWritten();
      post(loop, { type: 'stored', token });
    },
    (error: unknown) => {
      edge.log.error({ error: explain(error) }, 'facts were not on disk when the hub stopped');
    },
  );
}

/**
 * Writes have begun to fail or are well again. Who waits for one is told that it is tried again.
 */
function noteDisk(loop: Loop, said: Refusal | undefined): void {
  const { edge } = loop;
  const trouble = said && forStrangers(said);
  edge.counters.diskTrouble = trouble === undefined ? 0 : 1;
  if (trouble === undefined) edge.log.info({}, 'the disk takes writes again');
  else edge.log.error({ refusal: said }, 'the disk does not take writes; no work is given out');
  post(loop, { type: 'disk', trouble });
  if (trouble === undefined) return;
  const message = `${trouble.message}; what you asked for is tried again, look before you repeat it`;
  for (const request of [...loop.waiting.keys()])
    reply(loop, request, refuse(trouble.code, message));
}

async function keep(
  loop: Loop,
  token: Token,
  blobs: readonly (Uint8Array | BlobRange)[],
): Promise<void> {
  const refs: BlobRef[] = [];
  for (const blob of blobs) {
    const kept = await loop.edge.keep(blob).catch((error: unknown) => {
      loop.edge.log.error({ error: explain(error) }, 'a blob could not be kept');
      return refuse('storage-failed', 'the hub could not keep the known answers; look at its log');
    });
    if (!kept.ok) return post(loop, { type: 'keep-failed', token, refusal: kept.refusal });
    refs.push(kept.value);
  }
  post(loop, { type: 'kept', token, refs });
}

async function recut(loop: Loop, token: Token, cut: ItemCut): Promise<void> {
  const done = await loop.edge.recut(cut).catch((error: unknown) => {
    loop.edge.log.error({ error: explain(error) }, 'a job could not be cut into other units');
    return refuse('storage-failed', 'the hub could not cut the items anew; look at its log');
  });
  if (done.ok) post(loop, { type: 'recut', token, cut: done.value });
  else post(loop, { type: 'keep-failed', token, refusal: done.refusal });
}

async function mend(loop: Loop, token: Token, cut: UnitCut): Promise<void> {
  const done = await loop.edge.mend(cut).catch((error: unknown) => {
    loop.edge.log.error({ error: explain(error) }, 'a unit with failed items could not be mended');
    return refuse('storage-failed', 'the hub could not mend a unit; look at its log');
  });
  if (done.ok) post(loop, { type: 'mended', token, mended: done.value });
  else post(loop, { type: 'keep-failed', token, refusal: done.refusal });
}

async function load(loop: Loop, device: PublicKey): Promise<void> {
  const found = await loop.edge.load(device).then(accept, (error: unknown) => {
    loop.edge.log.error({ error: explain(error) }, 'a device could not be looked up');
    return { ok: false as const, refusal: toRefusal(error) };
  });
  post(loop, { type: 'loaded', device, found });
}

function runCommand(loop: Loop, command: HubCommand): Promise<Result<JobView | null>> {
  const { waiting } = loop;
  if (waiting.size >= COMMANDS_WAITING_MAX) {
    const message = 'too many requests wait for the disk; try again in a few seconds';
    return Promise.resolve(refuse('busy', message));
  }
  const request = loop.nextRequest++;
  return new Promise((resolve) => {
    const deadline = setTimeout(() => {
      const message = 'the hub did not answer in time; look at the job before trying again';
      reply(loop, request, refuse('busy', message));
    }, COMMAND_DEADLINE_MS);
    waiting.set(request, (result) => {
      clearTimeout(deadline);
      resolve(result);
    });
    post(loop, { type: 'command', request, command });
  });
}

function reply(loop: Loop, request: RequestId, result: Result<JobView | null>): void {
  loop.waiting.get(request)?.(result);
  loop.waiting.delete(request);
}

function watch({ watchers }: Loop, job: JobId, changed: Changed): () => void {
  const set = watchers.get(job) ?? new Set<Changed>();
  watchers.set(job, set.add(changed));
  return () => {
    set.delete(changed);
    if (set.size === 0 && watchers.get(job) === set) watchers.delete(job);
  };
}

const explain = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);

const toRefusal = (error: unknown): Refusal =>
  error instanceof PocketgridError
    ? error.refusal
    : refusal('internal', 'the hub failed on this request; its log says why');
