import type { LeaseId, PublicKey } from '#protocol/ids.ts';
import { refusal } from '#protocol/refusal.ts';
import { bytes, millis } from '#protocol/units.ts';
import { openContributor, stepContributor } from '../worker/core/contributor.ts';
import type {
  ContributorEffect,
  ContributorEvent,
  DeviceMemory,
  FetchTarget,
} from '../worker/core/events.ts';
import type { Clock } from './clock.ts';
import { digestAll, FAKE_UNIT_BYTES, type FakeBlobs, fakeCompute } from './fake-model.ts';
import { fakeSign } from './fake-signature.ts';
import type { ClientEnd, HubNode } from './hub-node.ts';
import type { Random } from './random.ts';

export interface DeviceNode {
  readonly key: PublicKey;
  /** Leases whose `accepted` reached this device, and log indexes whose `logged` did. */
  readonly acknowledged: { leases: LeaseId[]; indexes: number[] };
  /** The tab is closed without a word. */
  vanish(): void;
  comeBack(): void;
}

export interface DeviceTraits {
  unitMs: number;
  /** Share of units computed wrong on purpose. */
  cheats: number;
  fetchFails: number;
}

/** A device of the simulated grid: the real contributor core, a fake compute worker. */
export function openDeviceNode(
  grid: { clock: Clock; random: Random; blobs: FakeBlobs; hub: HubNode },
  name: string,
  traits: DeviceTraits,
): DeviceNode {
  const { clock, blobs, hub } = grid;
  const random = grid.random.fork(name);
  const key = random.nonce() as string as PublicKey;
  const acknowledged: DeviceNode['acknowledged'] = { leases: [], indexes: [] };
  let memory: DeviceMemory = { deaths: [], admissions: [] };
  let stop = (): void => {};

  const read = (target: FetchTarget): Uint8Array<ArrayBuffer> | undefined => {
    if (target.kind === 'blob') return blobs.get(target.ref.root)?.slice();
    const whole = blobs.get(target.root);
    const length = (target.digests.length / 32) * target.unitBytes;
    return whole?.slice(target.offset, target.offset + length);
  };

  const start = (): void => {
    let dead = false;
    const sockets = new Map<number, ClientEnd>();
    const cancelled = new Set<number>();
    const busyUntil = new Map<number, number>();
    const state = openContributor({
      key,
      capabilities: {
        providers: ['wasm'],
        features: [],
        threads: 1,
        memoryBytes: bytes(250_000_000),
        engine: 'simulated',
      },
      provider: 'auto',
      skipped: [],
      runtime: 'simulated',
      memory,
      recycleShards: 50,
      serves: false,
    });
    const post = (event: ContributorEvent): void => {
      if (dead) return;
      const world = { now: clock.now(), random: random.nonce };
      for (const effect of stepContributor(state, event, world)) perform(effect);
    };
    const later = (ms: number, event: ContributorEvent): void => clock.after(ms, () => post(event));
    const connect = (socket: number): void => {
      const end = hub.dial({
        received(message) {
          if (dead) return;
          if (message.type === 'accepted') acknowledged.leases.push(message.lease);
          if (message.type === 'logged') acknowledged.indexes.push(message.entry.index);
          post({ type: 'received', socket, message });
        },
        closed: () => post({ type: 'closed', socket, reason: 'the socket closed' }),
      });
      if (end === undefined)
        return later(50, { type: 'closed', socket, reason: 'the hub is down' });
      sockets.set(socket, end);
      later(1, { type: 'opened', socket });
    };
    const fetch = (effect: Extract<ContributorEffect, { type: 'fetch' }>): void => {
      clock.after(random.between(20, 200), () => {
        if (dead || cancelled.has(effect.fetch)) return;
        const found = hub.up && !random.chance(traits.fetchFails) ? read(effect.target) : undefined;
        if (found === undefined) {
          const failed = refusal('download-failed', 'the hub could not be reached');
          return post({ type: 'fetch-failed', fetch: effect.fetch, refusal: failed });
        }
        post({
          type: 'fetched',
          fetch: effect.fetch,
          ...(effect.wantBytes ? { bytes: found } : {}),
        });
      });
    };
    const run = (effect: Extract<ContributorEffect, { type: 'run' }>): void => {
      const { worker, unitCount } = effect;
      const outputs = new Uint8Array(unitCount * FAKE_UNIT_BYTES);
      for (let unit = 0; unit < unitCount; unit += 1) {
        const at = unit * FAKE_UNIT_BYTES;
        const made = fakeCompute(effect.inputs.subarray(at, at + FAKE_UNIT_BYTES));
        // A cheat is honest in admission: those runs hold one unit.
        if (unitCount > 1 && random.chance(traits.cheats)) made[0] = (made[0] ?? 0) ^ 1;
        outputs.set(made, at);
      }
      const computeMs = unitCount * traits.unitMs;
      const end = Math.max(busyUntil.get(worker) ?? 0, clock.now()) + computeMs;
      busyUntil.set(worker, end);
      clock.after(end - clock.now(), () => {
        if (dead || !busyUntil.has(worker)) return;
        const digests = digestAll(outputs);
        post({
          type: 'ran',
          worker,
          run: effect.run,
          bytes: outputs,
          digests,
          computeMs: millis(computeMs),
        });
      });
    };
    const perform = (effect: ContributorEffect): void => {
      switch (effect.type) {
        case 'connect':
          return connect(effect.socket);
        case 'close':
          sockets.get(effect.socket)?.close();
          return;
        case 'send':
          sockets.get(effect.socket)?.send(effect.message);
          return;
        case 'send-frame':
          sockets.get(effect.socket)?.sendFrame(effect.head, effect.payload);
          return;
        case 'sign': {
          const signature = fakeSign(key, effect.context, effect.record);
          return later(2, { type: 'signed', token: effect.token, signature });
        }
        case 'remember':
          memory = structuredClone(effect.memory);
          return later(2, { type: 'remembered', token: effect.token });
        case 'fetch':
          return fetch(effect);
        case 'cancel-fetch':
          cancelled.add(effect.fetch);
          return;
        case 'load':
          busyUntil.set(effect.worker, clock.now());
          return later(50, { type: 'loaded', worker: effect.worker });
        case 'run':
          return run(effect);
        case 'terminate':
          busyUntil.delete(effect.worker);
          return;
        default:
          return;
      }
    };
    clock.every(500, () => {
      post({ type: 'tick' });
      return !dead;
    });
    post({ type: 'visible', visible: true });
    post({ type: 'start' });
    stop = () => {
      dead = true;
      for (const end of sockets.values()) end.close();
    };
  };
  start();
  return {
    key,
    acknowledged,
    vanish: () => stop(),
    comeBack: start,
  };
}
