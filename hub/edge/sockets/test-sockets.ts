import { createHash, randomBytes } from 'node:crypto';
import { afterEach, beforeEach } from 'vitest';
import { verify } from '#node/verify.ts';
import type { Nonce, PublicKey, Signature } from '#protocol/values/ids.ts';
import { millis } from '#protocol/values/units.ts';
import { frameBytesOf, type Hub, isWorking, openHub } from '../../core/hub.ts';
import { type Listener, openListener } from '../listener.ts';
import { type HubLoop, openLoop } from '../loop.ts';
import { openClock } from '../process/clock.ts';
import { openLog } from '../process/log.ts';
import { type HubCounters, openCounters } from '../process/metrics.ts';
import { openGroupCommit } from '../store/group-commit.ts';
import { openMemoryStore } from '../store/store.ts';
import { loadAll } from '../store/store-world.ts';
import { type ControlSockets, openControlSockets } from './control-socket.ts';
import { type FakeClient, openFakeClient, openFakeSession } from './fake-client.ts';
import type { ControlLimits } from './limits.ts';
import { rejectUpgrade, type WebSocket } from './web-socket.ts';

interface Options {
  limits?: Partial<ControlLimits>;
  /** In the place of what the core says. */
  frameBytes?: number;
}

/** A hub's core with its control sockets and nothing else, opened anew for each test of a file. */
export interface TestSockets {
  readonly url: string;
  readonly hub: Hub;
  readonly loop: HubLoop;
  readonly control: ControlSockets;
  readonly counters: HubCounters;
  /** Opens it again, with other bounds. */
  reopen(options: Options): Promise<void>;
  connect(): FakeClient;
  openSession(): ReturnType<typeof openFakeSession>;
}

export function openTestSockets(): TestSockets {
  const clients: WebSocket[] = [];
  let running: Running;
  const stop = async () => {
    for (const client of clients.splice(0)) client.terminate();
    running.loop.stop();
    running.control.stop();
    await running.listener.drain();
  };
  beforeEach(async () => {
    running = await openSockets({});
  });
  afterEach(stop);
  const url = () => `ws://127.0.0.1:${running.listener.port}`;
  const keep = <T extends FakeClient>(client: T): T => {
    clients.push(client.socket);
    return client;
  };
  return {
    get url() {
      return url();
    },
    get hub() {
      return running.hub;
    },
    get loop() {
      return running.loop;
    },
    get control() {
      return running.control;
    },
    get counters() {
      return running.counters;
    },
    async reopen(options) {
      await stop();
      running = await openSockets(options);
    },
    connect: () => keep(openFakeClient(url())),
    openSession: async () => keep(await openFakeSession(url(), 'contributor')),
  };
}

interface Running {
  hub: Hub;
  loop: HubLoop;
  control: ControlSockets;
  listener: Listener;
  counters: HubCounters;
}

async function openSockets({ limits = {}, frameBytes }: Options): Promise<Running> {
  const counters = openCounters();
  const log = openLog('silent');
  const store = await openMemoryStore();
  const commit = openGroupCommit(store);
  const hub = openHub(await loadAll(store), {
    hub: 'ab'.repeat(32) as PublicKey,
    checks: { type: 'flat', rate: 0.05 },
    beatMs: millis(15_000),
    iceServers: [],
    needsVerifier: true,
    barMs: millis(1000),
  });
  const control = openControlSockets({
    post: (event) => loop.post(event),
    isWorking: (socket) => isWorking(hub, socket),
    frameBytes: (socket) => frameBytes ?? frameBytesOf(hub, socket),
    counters,
    log,
    limits,
  });
  const loop = openLoop(hub, {
    clock: openClock(),
    world: {
      random: () => randomBytes(32).toString('hex') as Nonce,
      sign: () => '00'.repeat(64) as Signature,
      verify,
      sha256: (bytes) => createHash('sha256').update(bytes).digest(),
    },
    append: commit.submit,
    keep: () => Promise.reject(new Error('nothing is kept here')),
    recut: () => Promise.reject(new Error('nothing is cut here')),
    mend: () => Promise.reject(new Error('nothing is mended here')),
    load: async () => undefined,
    send: control.send,
    close: control.close,
    peerGiven: () => undefined,
    socketGone: () => undefined,
    observeWrite: () => () => undefined,
    counters,
    log,
  });
  const listener = await openListener({
    host: '127.0.0.1',
    port: 0,
    certificate: undefined,
    answer: (_, response) => response.end(),
    control: control.upgrade,
    signalling: ({ socket }) => rejectUpgrade(socket, '404 Not Found', 'none'),
  });
  return { hub, loop, control, listener, counters };
}
