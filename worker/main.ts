import type { DeviceMessage, PageMessage } from '#protocol/messages/device.ts';
import { why } from '#protocol/values/reason.ts';
import { accept, refuse } from '#protocol/values/refusal.ts';
import { bytes, instant } from '#protocol/values/units.ts';
import { findCapabilities } from './edge/browser/capabilities.ts';
import { openComputePort } from './edge/browser/compute-port.ts';
import { openDeviceStore } from './edge/browser/device-store.ts';
import { forgetDevice } from './edge/browser/forget.ts';
import { openHistoryStore } from './edge/browser/history-store.ts';
import { openOpfsCache, type StoredCache } from './edge/browser/opfs-cache.ts';
import { type BrowserPeers, openPeerLinks } from './edge/browser/peer-links.ts';
import { openRuntimes } from './edge/browser/runtimes/runtimes.ts';
import { askEvidence } from './edge/evidence.ts';
import { type DeviceLoop, openDeviceLoop } from './edge/loop.ts';

declare const self: DedicatedWorkerGlobalScope;

/** The contributor worker of a page: speaks `protocol/messages/device.ts` with it. */
const RUNTIME = 'onnxruntime-web 1.30.0';
const RECYCLE_SHARDS = { ios: 200, other: 2_000 } as const;
const tell = (message: DeviceMessage): void => self.postMessage(message);

const ALIVE_MS = 2_000;

let cache: Promise<StoredCache> | undefined;
let device: { loop: DeviceLoop; peers: BrowserPeers } | undefined;
const runtimes = openRuntimes();
let starting = false;
let visible = true;

async function start(message: Extract<PageMessage, { type: 'start' }>): Promise<void> {
  if (starting) return;
  starting = true;
  try {
    device?.loop.close();
    device = await openDevice(message);
    device.loop.post({ type: 'visible', visible });
    device.loop.post({ type: 'start' });
    void tellKept();
  } catch (error) {
    tellFailure(error instanceof Error ? error.message : String(error));
  } finally {
    starting = false;
  }
}

async function openDevice({
  hub,
  provider,
  webrtc,
  donates,
  blocks,
  care,
  signals,
  leftAt,
  isIos,
}: Extract<PageMessage, { type: 'start' }>) {
  const [store, blobs, found] = await Promise.all([
    openDeviceStore(),
    openCache(),
    findCapabilities({ isIos }),
  ]);
  const { skipped, knownBad, provableBytes } = found;
  const threads = Math.min(found.capabilities.threads, care.threads);
  const capabilities = { ...found.capabilities, threads };
  const history = openHistoryStore();
  const peers = openPeerLinks({
    cache: blobs,
    ask: tell,
    served: (total) => device?.loop.post({ type: 'served', total: bytes(total) }),
  });
  const config = {
    key: store.signer.key,
    capabilities,
    provider,
    skipped,
    knownBad,
    runtime: `${RUNTIME}; ${capabilities.engine}; ${capabilities.adapter ?? 'no adapter'}; ${capabilities.threads} threads`,
    memory: store.memory,
    fetchesRuntime: true,
    provableBytes,
    recycleShards: isIos ? RECYCLE_SHARDS.ios : RECYCLE_SHARDS.other,
    serves: webrtc,
    donates,
    blocks,
    care,
    signals,
    leftAt,
    isKept: store.isKept,
  };
  const loop = openDeviceLoop(config, {
    hub: new URL(hub),
    openSocket: (url) => new WebSocket(url),
    sign: store.signer.sign,
    remember: store.remember,
    cache: blobs,
    openPort: openComputePort,
    runtimes,
    ...(webrtc ? { peers } : {}),
    note: (note) => void history.add(note),
    tell: (status) => tell({ type: 'status', status }),
  });
  return { loop, peers };
}

/** One for the life of this worker: a file has one handle. */
const openCache = (): Promise<StoredCache> => {
  cache ??= openOpfsCache({ changed: () => void tellKept() });
  return cache;
};

async function tellKept(): Promise<void> {
  const total = bytes((await (await cache)?.kept()) ?? 0);
  device?.loop.post({ type: 'kept', total });
}

async function freeStorage(): Promise<void> {
  const freed = openCache().then(async (each) => {
    await each.free();
    return accept({ kept: bytes(await each.kept()) });
  });
  const failed = (error: unknown) => refuse('internal', `the models cannot be deleted: ${error}`);
  tell({ type: 'storage-freed', result: await freed.catch(failed) });
}

/** A key made for this visit has earned nothing and is banned for nothing. */
async function openKeptStore() {
  const store = await openDeviceStore();
  if (store.isKept) return store;
  throw new Error("this browser's storage does not answer; close other tabs of this page");
}

async function giveEvidence({
  hub,
  at,
}: Extract<PageMessage, { type: 'ask-evidence' }>): Promise<void> {
  try {
    const { signer } = await openKeptStore();
    tell({ type: 'evidence', result: await askEvidence(new URL(hub), signer, { now: at }) });
  } catch (error) {
    tell({ type: 'evidence', result: refuse('internal', unsigned(error)) });
  }
}

async function giveHistory(): Promise<void> {
  const result = await openHistoryStore()
    .read()
    .then(accept)
    .catch((error: unknown) => refuse('internal', `the history cannot be read: ${error}`));
  tell({ type: 'history', result });
}

async function writeNote({ note }: Extract<PageMessage, { type: 'note' }>): Promise<void> {
  await openHistoryStore().add(note);
  tell({ type: 'noted', result: accept(undefined) });
}

async function forget(): Promise<void> {
  const result = await forgetDevice()
    .then(accept)
    .catch((error: unknown) =>
      refuse('internal', `not all could be deleted: ${error}; close other tabs and try again`),
    );
  tell({ type: 'forgotten', result });
}

async function signPayout({
  hub,
  recipient,
  at,
}: Extract<PageMessage, { type: 'sign-payout' }>): Promise<void> {
  try {
    const { signer } = await openKeptStore();
    const record = { device: signer.key, hub, recipient, at };
    const signature = await signer.sign('payout', record);
    tell({ type: 'payout-signed', result: accept({ record, signature }) });
  } catch (error) {
    tell({ type: 'payout-signed', result: refuse('internal', unsigned(error)) });
  }
}

async function signProfile(message: Extract<PageMessage, { type: 'sign-profile' }>): Promise<void> {
  const { type: _, ...words } = message;
  try {
    const { signer } = await openKeptStore();
    const record = { device: signer.key, ...words };
    const signature = await signer.sign('profile', record);
    tell({ type: 'profile-signed', result: accept({ record, signature }) });
  } catch (error) {
    tell({ type: 'profile-signed', result: refuse('internal', unsigned(error)) });
  }
}

const unsigned = (error: unknown): string =>
  `nothing could be signed here: ${error instanceof Error ? error.message : String(error)}`;

/** The device cannot even begin: no Ed25519, say. */
function tellFailure(reason: string): void {
  const message = `This browser cannot take part: ${reason}; try a newer one.`;
  tell({
    type: 'status',
    status: {
      phase: 'failed',
      reason: why('worker-failed', { text: message }),
      since: instant(Date.now()),
      trials: [],
      unitsAccepted: 0,
      shardsAccepted: 0,
      unitsChecked: 0,
      unitsMismatched: 0,
      verdicts: [],
      served: bytes(0),
    },
  });
}

setInterval(() => tell({ type: 'alive' }), ALIVE_MS);

self.onmessage = (event: MessageEvent<PageMessage>) => {
  const message = event.data;
  switch (message.type) {
    case 'start':
      return void start(message);
    case 'ask-evidence':
      return void giveEvidence(message);
    case 'ask-history':
      return void giveHistory();
    case 'note':
      return void writeNote(message);
    case 'forget':
      return void forget();
    case 'free-storage':
      return void freeStorage();
    case 'stop':
    case 'try-now':
      return device?.loop.post({ type: message.type });
    case 'finish':
      return device?.loop.post({ type: 'finish', reason: why('updating', {}) });
    case 'donate':
      return device?.loop.post({ type: 'donate', jobs: message.jobs });
    case 'block':
    case 'care':
    case 'signals':
      return device?.loop.post(message);
    case 'sign-profile':
      return void signProfile(message);
    case 'sign-payout':
      return void signPayout(message);
    case 'visible':
      visible = message.visible;
      return device?.loop.post({ type: 'visible', visible });
    case 'channel':
      return device?.peers.take(message.peer, message.channel as RTCDataChannel);
    case 'channel-failed':
      return device?.peers.failed(message.peer);
  }
};
