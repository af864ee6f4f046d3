import { hash, randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type KeyFile, openKeyFile } from '#node/key-file.ts';
import { verify } from '#node/verify.ts';
import type { Nonce, PeerId } from '#protocol/values/ids.ts';
import { attempt } from '#protocol/values/refusal.ts';
import {
  beginHub,
  blobRights,
  covers,
  type DurableState,
  frameBytesOf,
  type Hub,
  type HubConfig,
  isWorking,
  signedIn,
} from '../core/hub.ts';
import { openFolderBlobs } from './blobs/folder.ts';
import type { BlobStore } from './blobs/port.ts';
import { openBlobReader } from './blobs/reader.ts';
import { openSpaceGuard } from './blobs/space.ts';
import { type BatchKeeper, openBatchKeeper } from './http/batches/batch-keeper.ts';
import { openExportKeeper } from './http/exports/keeper.ts';
import type { Uploads } from './http/uploads.ts';
import { openWebhookKeeper, type WebhookKeeper } from './http/webhooks/keeper.ts';
import { resolveByDns, resolveBySystem, type TargetRules } from './http/webhooks/targets.ts';
import { type FreshUnits, openFreshUnits } from './inputs/fresh-units.ts';
import { mendInputs } from './inputs/mend.ts';
import { type CommitmentLog, openCommitmentLog } from './log/commitment-log.ts';
import { type HubLoop, openLoop } from './loop.ts';
import type { Seeding } from './peering/seeder-process.ts';
import { openSignalling, type Signalling } from './peering/signalling.ts';
import { type Clock, openClock } from './process/clock.ts';
import { addGauges } from './process/gauges.ts';
import type { Log } from './process/log.ts';
import { type HubCounters, type HubMetrics, openCounters, openMetrics } from './process/metrics.ts';
import { openRetention } from './process/retention.ts';
import { openWriteWatch, type WriteWatch } from './process/write-watch.ts';
import { openOutputKeeper } from './segments/keeper.ts';
import { openVerifyAhead } from './signatures/ahead.ts';
import { openSignatureThread, type SignatureThread } from './signatures/thread.ts';
import { type ControlSockets, openControlSockets } from './sockets/control-socket.ts';
import { type GroupCommit, openGroupCommit } from './store/group-commit.ts';
import type { Store } from './store/port.ts';
import { openSnapshots } from './store/snapshots.ts';
import { openFileStore } from './store/store.ts';
import { openThreads, type Threads } from './threads/threads.ts';

/** How long clients get to take their goodbye. */
const GOODBYE_MS = 1_000;
/** Known answers are at most two frames long. */
const KEPT_BYTES_MAX = 64 * 1024 * 1024;
/** A sender of files that is silent for so long is gone. */
const SILENCE_MS_MAX = 30_000;
/** How often the hub looks whether a snapshot is due. */
const KEEP_EVERY_MS = 1_000;

/** A hub without its port: what is on disk, the core and its loop, and the sockets' two ends. */
export interface HubParts {
  identity: KeyFile;
  store: Store;
  commitments: CommitmentLog;
  blobs: BlobStore;
  /** Where they are, for who reads them only. */
  blobFolder: string;
  hub: Hub;
  loop: HubLoop;
  control: ControlSockets;
  signalling: Signalling;
  /** Whether the device of a peer may have these bytes: as over HTTP. */
  mayServe: Seeding['mayServe'];
  counters: HubCounters;
  metrics: HubMetrics;
  uploads: Uploads;
  threads: Threads;
  freshUnits: FreshUnits;
  signatures: SignatureThread;
  batches: BatchKeeper;
  webhooks: WebhookKeeper;
  targets: TargetRules;
  writes: WriteWatch;
  clock: Clock;
  log: Log;
  /** Says goodbye to every socket and makes what was decided durable. */
  stop(): Promise<void>;
  /** After `stop`: ends what is left. */
  close(): Promise<void>;
}

/** What parts are opened with beside the core's own settings. */
interface PartOptions {
  log: Log;
  clock?: Clock | undefined;
  /** Whether webhooks may go to private addresses, inputs come from there, and by plain HTTP. */
  privateWebhooks?: boolean | undefined;
}

/** Opens the parts on a data directory, making it on first use. */
export async function openHubParts(
  data: string,
  config: Omit<HubConfig, 'hub'>,
  { log, clock = openClock(), privateWebhooks = false }: PartOptions,
): Promise<HubParts> {
  const blobFolder = join(data, 'blobs');
  // First, since it locks the directory: a second hub must not touch what the first one uses.
  const store = await openFileStore(join(data, 'hub.db'), {
    blobs: openBlobReader(blobFolder),
  });
  const uploads = await openUploads(join(data, 'uploads'));
  const identity = await openKeyFile(join(data, 'keys', 'hub.json'));
  const blobs = await openFolderBlobs(blobFolder);
  const threads = openThreads(blobFolder, blobs);
  const snapshots = openSnapshots(join(data, 'hub.snapshot'), store);
  const snapshot = await snapshots.read();
  const hub = await loadHub(store, { ...config, hub: identity.key }, snapshot?.state);
  const counters = openCounters();
  const { sign } = identity;
  const commitments = await openCommitmentLog({ store, sign, now: clock }, snapshot?.tree);
  const metrics = openMetrics(counters);
  const writes = openWriteWatch(metrics.observeStore);
  const endGauges = addGauges(metrics, { hub, data, store, writes, clock });
  const signatures = openSignatureThread();
  const freshUnits = openFreshUnits();
  const held = { identity, store, commitments, blobs, threads, freshUnits, signatures, hub };
  const base = { ...held, counters, metrics, writes, clock, log };
  const commit = openGroupCommit(store, { onDisk: (trouble) => running.loop.disk(trouble) });
  const running = runHub(base, commit);
  const keep = (always?: 'always'): Promise<void> =>
    snapshots.keep(hub, commitments.tree, always).catch((error: unknown) => {
      log.warn({ error: String(error) }, 'no snapshot was written; the next start takes longer');
    });
  const keeper = setInterval(keep, KEEP_EVERY_MS).unref();
  const endRetention = openRetention({ store, blobs, loop: running.loop, log });
  const endKeeper = openOutputKeeper({ store, blobs, loop: running.loop, log });
  const batches = openBatchKeeper({
    ...{ ...base, ...running, uploads },
    seconds: () => Math.floor(clock() / 1_000),
  });
  const resolve = privateWebhooks ? resolveBySystem : resolveByDns;
  const targets = { isPrivate: privateWebhooks, resolve };
  const webhooks = openWebhookKeeper({ ...base, rules: targets });
  const endExports = openExportKeeper({ ...base, uploads, targets });
  return {
    ...base,
    ...running,
    blobFolder,
    uploads,
    batches,
    webhooks,
    targets,
    async stop() {
      await Promise.all([endKeeper(), batches.close(), webhooks.close(), endExports()]);
      running.loop.stop();
      running.signalling.close();
      await commit.close();
      for (let waited = 0; counters.socketsOpen > 0 && waited < GOODBYE_MS; waited += 20) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      running.control.stop();
      clearInterval(keeper);
      endRetention();
      endGauges();
      await keep('always');
    },
    async close() {
      await Promise.all([threads.close(), signatures.close()]);
      await blobs.close();
      await store.close();
    },
  };
}

async function openUploads(folder: string): Promise<Uploads> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  return { folder, space: openSpaceGuard(folder), silenceMs: SILENCE_MS_MAX };
}

/** A hub of a snapshot and the facts that came after it. */
async function loadHub(
  store: Pick<Store, 'load'>,
  config: HubConfig,
  state?: DurableState,
): Promise<Hub> {
  const opening = beginHub(config, state);
  let through = state?.factNumber ?? 0;
  for await (const { facts, number } of store.load(state?.factNumber)) {
    for (const fact of facts) opening.apply(fact);
    through = number;
  }
  return opening.finish(through);
}

type Base = Pick<
  HubParts,
  | 'identity'
  | 'store'
  | 'commitments'
  | 'blobs'
  | 'threads'
  | 'freshUnits'
  | 'signatures'
  | 'hub'
  | 'counters'
  | 'writes'
  | 'clock'
  | 'log'
>;

/** The loop and the sockets it speaks through. */
function runHub(
  base: Base,
  commit: GroupCommit,
): Pick<HubParts, 'loop' | 'control' | 'signalling' | 'mayServe'> {
  const { blobs, counters, log } = base;
  const signalling = openSignalling({ counters, log });
  const control = openControlSockets({
    post: (event) => ahead.post(event),
    isWorking: (socket) => isWorking(base.hub, socket),
    frameBytes: (socket) => frameBytesOf(base.hub, socket),
    counters,
    log,
  });
  const ahead = openVerifyAhead({
    post: (event) => loop.post(event),
    signedIn: (event) => signedIn(base.hub, event),
    ...{ verify, verifyLater: base.signatures.verify },
  });
  const peers = new Map<number, PeerId>();
  const socketOf = new Map<string, number>();
  const loop = openLoop(base.hub, {
    world: {
      random: () => randomBytes(32).toString('hex') as Nonce,
      sign: base.identity.sign,
      verify: ahead.verify,
      sha256: (bytes) => hash('sha256', bytes, 'buffer'),
    },
    clock: base.clock,
    append: (facts) => commit.submit(facts).then(() => base.commitments.add(facts)),
    async keep(blob) {
      if (blob instanceof Uint8Array) return blobs.put(blob, KEPT_BYTES_MAX);
      const source = await blobs.stream(blob.root, blob.offset, blob.length);
      return source.ok ? blobs.put(source.value, KEPT_BYTES_MAX) : source;
    },
    recut: (cut) => attempt(() => base.threads.recut(cut)),
    mend: (cut) => mendInputs(blobs, cut),
    load: base.store.device,
    send: (socket, message) => control.send(socket, base.freshUnits.attach(message)),
    close: control.close,
    peerGiven(socket, peer, token) {
      peers.set(socket, peer);
      socketOf.set(peer, socket);
      signalling.allow(peer, token);
    },
    socketGone(socket) {
      const peer = peers.get(socket);
      if (peer === undefined) return;
      peers.delete(socket);
      socketOf.delete(peer);
      signalling.forget(peer);
    },
    observeWrite: base.writes.begin,
    counters,
    log,
  });
  return {
    ...{ loop, control, signalling },
    async mayServe({ peer, root, offset, length }) {
      const session = base.hub.sessions.get(socketOf.get(peer) ?? -1);
      if (session === undefined || session.stage === 'greeted') return false;
      const jobs = await base.store.jobsNaming(root);
      return covers(blobRights(base.hub, session.key, { root, jobs }), offset, length);
    },
  };
}
