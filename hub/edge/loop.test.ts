import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { verify } from '#node/verify.ts';
import { type HubMessage, PROTOCOL_VERSION } from '#protocol/messages/control.ts';
import type { Nonce, PublicKey, Signature } from '#protocol/values/ids.ts';
import { PocketgridError, refusal } from '#protocol/values/refusal.ts';
import { instant, millis } from '#protocol/values/units.ts';
import { openHub } from '../core/hub.ts';
import type { Fact } from '../core/state/facts.ts';
import { type HubLoop, openLoop } from './loop.ts';
import { openClock } from './process/clock.ts';
import { openLog } from './process/log.ts';
import { openCounters } from './process/metrics.ts';
import { type FakeKey, makeFakeKey } from './sockets/fake-client.ts';
import { openMemoryStore } from './store/store.ts';
import { loadAll } from './store/store-world.ts';

const key = 'cd'.repeat(32) as PublicKey;

async function openWorld(facts: readonly Fact[] = []) {
  const store = await openMemoryStore();
  await store.append(facts);
  const counters = openCounters();
  const hub = openHub(await loadAll(store), {
    hub: key,
    checks: { type: 'flat', rate: 0.05 },
    beatMs: millis(15_000),
    iceServers: [],
    needsVerifier: true,
    barMs: millis(1_000),
  });
  const trouble: { append?: Promise<void>; random?: Error; load?: Promise<never> } = {};
  const time = { slept: 0 };
  const sent: HubMessage[] = [];
  const closed: number[] = [];
  const loop = openLoop(hub, {
    clock: openClock(),
    world: {
      random() {
        if (trouble.random !== undefined) throw trouble.random;
        return '00'.repeat(32) as Nonce;
      },
      sign: () => '00'.repeat(64) as Signature,
      verify,
      sha256: (bytes) => createHash('sha256').update(bytes).digest(),
    },
    append: async (facts) => {
      await trouble.append;
      await store.append(facts);
    },
    keep: () => Promise.reject(new Error('nothing is kept here')),
    recut: () => Promise.reject(new Error('nothing is cut here')),
    mend: () => Promise.reject(new Error('nothing is mended here')),
    load: (device) => trouble.load ?? store.device(device),
    send: (_, message) => sent.push(message),
    close: (socket) => closed.push(socket),
    peerGiven: () => undefined,
    socketGone: () => undefined,
    observeWrite: () => () => undefined,
    counters,
    log: openLog('silent'),
    monotonic: () => performance.now() + time.slept,
  });
  return { hub, loop, trouble, time, sent, closed, counters, store };
}

function sayHello(loop: HubLoop, socket: number, device: FakeKey): void {
  loop.post({ type: 'connected', socket });
  const nonce = '00'.repeat(32) as Nonce;
  const about = { version: PROTOCOL_VERSION, key: device.key, hub: key, nonce };
  const claim = { ...about, role: 'contributor' as const };
  const signature = device.sign('hello', claim);
  loop.post({ type: 'received', socket, message: { type: 'hello', claim, signature } });
}

/** Counts how often all devices that wait are walked through. */
class CountedWaiting extends Set<PublicKey> {
  walks = 0;
  override [Symbol.iterator]() {
    this.walks += 1;
    return super[Symbol.iterator]();
  }
}

describe('the loop of a hub', () => {
  it('answers a command once it is on disk', async () => {
    const { loop, store } = await openWorld();
    expect(await loop.command({ type: 'enrol', key })).toEqual({ ok: true, value: null });
    expect(await loadAll(store)).toMatchObject([{ type: 'verifier-enrolled', key }]);
    loop.stop();
  });

  it('tells who waits that the disk is full, refuses more, and goes on when there is room', async () => {
    const { loop, trouble, counters, store } = await openWorld();
    const full = refusal('disk-full', 'free some space and retry');
    let write = (): void => undefined;
    trouble.append = new Promise<void>((resolve) => {
      write = resolve;
    });
    const waiting = loop.command({ type: 'enrol', key });
    loop.disk(full);
    expect(await waiting).toMatchObject({ ok: false, refusal: { code: 'disk-full' } });
    expect(await loop.command({ type: 'remove-verifier', key })).toEqual({
      ok: false,
      refusal: full,
    });
    expect(counters.diskTrouble).toBe(1);
    delete trouble.append;
    write();
    await new Promise((resolve) => setImmediate(resolve));
    loop.disk(undefined);
    expect(counters.diskTrouble).toBe(0);
    expect(await loop.command({ type: 'remove-verifier', key })).toMatchObject({ ok: true });
    expect((await loadAll(store)).map(({ type }) => type)).toEqual([
      'verifier-enrolled',
      'verifier-removed',
    ]);
    loop.stop();
  });

  it('tells the core that the process stood still, once it goes on', async () => {
    const { hub, loop, time } = await openWorld();
    const ticks = () => new Promise((resolve) => setTimeout(resolve, 1_100));
    await ticks();
    expect(hub.wokeAt).toBeUndefined();
    time.slept = 6_000;
    await ticks();
    expect(hub.wokeAt).toBeDefined();
    loop.stop();
  });

  it('serves those who wait once for all that is said meanwhile, and the first time at once', async () => {
    const { hub, loop, sent } = await openWorld();
    const sockets = Array.from({ length: 20 }, (_, at) => at + 1);
    for (const socket of sockets) sayHello(loop, socket, makeFakeKey());
    await expect.poll(() => sent.filter(({ type }) => type === 'welcome')).toHaveLength(20);
    loop.post({ type: 'received', socket: 1, message: { type: 'request' } });
    const waiting = new CountedWaiting(hub.waiting);
    expect(waiting.size).toBe(1);
    hub.waiting = waiting;
    const reason = { code: 'stopped', values: {} } as const;
    for (const socket of sockets.slice(1)) {
      loop.post({ type: 'received', socket, message: { type: 'bye', reason } });
    }
    expect(waiting.walks).toBe(0);
    await new Promise((resolve) => setImmediate(resolve));
    expect(waiting.walks).toBe(1);
    loop.stop();
  });

  it('closes one socket when the core throws, and serves the next', async () => {
    const { loop, trouble, sent, closed, counters } = await openWorld();
    trouble.random = new Error('no randomness');
    loop.post({ type: 'connected', socket: 1 });
    expect([closed, sent, counters.stepErrors]).toEqual([[1], [], 1]);
    delete trouble.random;
    loop.post({ type: 'connected', socket: 2 });
    expect(sent).toMatchObject([{ type: 'challenge' }]);
    loop.stop();
    expect(sent.at(-1)).toMatchObject({ type: 'refused', code: 'hub-stopping' });
  });

  it('looks up a device that is in the store alone, and tells it where that fails', async () => {
    const device = makeFakeKey();
    const known = { standing: 5, judgedWork: 0, unrevealed: 0, suspensions: [], bannedAt: [] };
    const record = { ...known, places: {}, payouts: 0, shards: 0 };
    const { loop, trouble, sent, store } = await openWorld([
      { type: 'device-archived', device: device.key, known: record, at: instant(1) },
    ]);
    const hello = (socket: number) => sayHello(loop, socket, device);
    trouble.load = Promise.reject(new PocketgridError(refusal('storage-failed', 'look at it')));
    hello(1);
    const refused = { type: 'refused', code: 'storage-failed', message: 'look at it' };
    await expect.poll(() => sent.at(-1)).toMatchObject(refused);
    delete trouble.load;
    hello(2);
    await expect.poll(() => sent.at(-1)?.type).toBe('welcome');
    const recalled = { type: 'device-recalled', device: device.key, known: record };
    expect((await loadAll(store)).at(-1)).toMatchObject(recalled);
    loop.stop();
  });
});
