import type { JobId, PeerId } from '#protocol/ids.ts';
import type { JobView } from '#protocol/job.ts';
import type { HubMessage } from '#protocol/messages/control.ts';
import type { BlobRef } from '#protocol/package.ts';
import { PocketgridError, type Refusal, type Result, refusal, refuse } from '#protocol/refusal.ts';
import { instant } from '#protocol/units.ts';
import type {
  BlobRange,
  Fact,
  HubCommand,
  HubEffect,
  HubEvent,
  RequestId,
  SocketId,
  World,
} from '../core/events.ts';
import { type Hub, stepHub } from '../core/hub.ts';
import type { Log } from './log.ts';
import type { HubCounters } from './metrics.ts';

/** What the loop needs to perform effects. */
export interface LoopWorld {
  world: Omit<World, 'now'>;
  /** Resolves when the facts are on disk; calls are kept in order. Rejects with what went wrong. */
  append(facts: readonly Fact[]): Promise<void>;
  /** Makes a blob of these bytes, or of a part of another blob. */
  keep(blob: Uint8Array | BlobRange): Promise<Result<BlobRef>>;
  send(socket: SocketId, message: HubMessage): void;
  close(socket: SocketId): void;
  /** A peer id was given out, or the socket it was given to has gone. */
  peerGiven(socket: SocketId, peer: PeerId): void;
  socketGone(socket: SocketId): void;
  observeStore(ms: number): void;
  counters: HubCounters;
  log: Log;
}

export interface HubLoop {
  post(event: HubEvent): void;
  /** Puts a command to the core; answered once what it decides is on disk. */
  command(command: HubCommand): Promise<Result<JobView | null>>;
  /** Calls back whenever the job's view may have changed; returns how to stop. */
  watch(job: JobId, changed: () => void): () => void;
  /** Tells the core that the hub is stopping, and stops the clock. */
  stop(): void;
}

const TICK_MS = 500;
const COMMAND_DEADLINE_MS = 15_000;
const COMMANDS_WAITING_MAX = 1_000;

/** The one loop of a hub: events go in one at a time, their effects are performed in order. */
export function openLoop(hub: Hub, edge: LoopWorld): HubLoop {
  const { counters, log } = edge;
  const queue: HubEvent[] = [];
  const waiting = new Map<RequestId, (result: Result<JobView | null>) => void>();
  const watchers = new Map<JobId, Set<() => void>>();
  const world: World = { ...edge.world, now: instant(Date.now()) };
  let running = false;
  let nextRequest = 1;

  /** An effect may cause an event at once; it waits until the effects before it are performed. */
  function post(event: HubEvent): void {
    queue.push(event);
    if (running) return;
    running = true;
    try {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) step(next);
    } finally {
      running = false;
    }
  }

  function step(event: HubEvent): void {
    world.now = instant(Date.now());
    let effects: HubEffect[];
    try {
      effects = stepHub(hub, event, world);
    } catch (error) {
      return stepFailed(event, error);
    }
    for (const effect of effects) perform(effect);
    if (event.type === 'disconnected') edge.socketGone(event.socket);
  }

  /** A bug in the core must cost one socket or one request, never the hub. */
  function stepFailed(event: HubEvent, error: unknown): void {
    counters.stepErrors += 1;
    log.error({ event: event.type, error: explain(error) }, 'the core threw; this is a bug');
    if ('socket' in event && event.type !== 'disconnected') edge.close(event.socket);
    if (event.type === 'command') reply(event.request, { ok: false, refusal: toRefusal(error) });
  }

  function perform(effect: HubEffect): void {
    switch (effect.type) {
      case 'send':
        return deliver(effect.socket, effect.message);
      case 'close':
        return edge.close(effect.socket);
      case 'store':
        return persist(effect.token, effect.facts);
      case 'keep':
        return void keep(effect.token, effect.blobs);
      case 'reply':
        return reply(effect.request, effect.result);
      case 'changed':
        for (const changed of watchers.get(effect.job) ?? []) changed();
        return;
    }
  }

  function deliver(socket: SocketId, message: HubMessage): void {
    if (message.type === 'lease') counters.leases += 1;
    else if (message.type === 'accepted') counters.shardsAccepted += 1;
    else if (message.type === 'welcome' && message.peer !== undefined) {
      edge.peerGiven(socket, message.peer);
    }
    edge.send(socket, message);
  }

  function persist(token: number, facts: readonly Fact[]): void {
    const askedAt = performance.now();
    edge.append(facts).then(
      () => {
        edge.observeStore(performance.now() - askedAt);
        post({ type: 'stored', token });
      },
      (error: unknown) => {
        counters.storeFailures += 1;
        log.error({ error: explain(error) }, 'facts could not be stored');
        post({ type: 'store-failed', token, refusal: toRefusal(error) });
      },
    );
  }

  async function keep(token: number, blobs: readonly (Uint8Array | BlobRange)[]): Promise<void> {
    const refs: BlobRef[] = [];
    for (const blob of blobs) {
      const kept = await edge
        .keep(blob)
        .catch((error: unknown) => refuse('storage-failed', explain(error)));
      if (!kept.ok) return post({ type: 'store-failed', token, refusal: kept.refusal });
      refs.push(kept.value);
    }
    post({ type: 'kept', token, refs });
  }

  function reply(request: RequestId, result: Result<JobView | null>): void {
    waiting.get(request)?.(result);
    waiting.delete(request);
  }

  const timer = setInterval(() => post({ type: 'tick' }), TICK_MS);
  timer.unref();

  return {
    post,
    command(command) {
      if (waiting.size >= COMMANDS_WAITING_MAX) {
        return Promise.resolve(
          refuse('busy', 'too many requests wait for the disk; try again in a few seconds'),
        );
      }
      const request = nextRequest++;
      return new Promise((resolve) => {
        const deadline = setTimeout(
          () =>
            reply(
              request,
              refuse('busy', 'the hub did not answer in time; look at the job before trying again'),
            ),
          COMMAND_DEADLINE_MS,
        );
        waiting.set(request, (result) => {
          clearTimeout(deadline);
          resolve(result);
        });
        post({ type: 'command', request, command });
      });
    },
    watch(job, changed) {
      const set = watchers.get(job) ?? new Set();
      watchers.set(job, set.add(changed));
      return () => {
        set.delete(changed);
        if (set.size === 0) watchers.delete(job);
      };
    },
    stop() {
      clearInterval(timer);
      post({ type: 'stopping' });
    },
  };
}

const explain = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);

const toRefusal = (error: unknown): Refusal =>
  error instanceof PocketgridError
    ? error.refusal
    : refusal('internal', 'the hub failed on this request; its log says why');
