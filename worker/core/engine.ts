import { loadRuntime } from '#protocol/messages/compute.ts';
import type { PackageManifest } from '#protocol/models/package.ts';
import type { Digest } from '#protocol/values/ids.ts';
import type { Provider } from '#protocol/values/provider.ts';
import type { Bytes } from '#protocol/values/units.ts';
import type { ContributorEffect, WorkerId } from './events.ts';
import { liftTombstone, offeredBytes, raiseTombstone } from './memory.ts';
import type { Engine, Turn } from './state.ts';

/** Compute workers at rest, however small their models are: each has a heap and its threads. */
const RESTING_MAX = 3;

export function fitLoad(load: {
  worker: WorkerId;
  provider: Provider;
  threads: number;
  manifest: PackageManifest;
}): ContributorEffect {
  const { worker, provider, threads, manifest } = load;
  return {
    type: 'load',
    worker,
    model: modelFile(manifest),
    provider,
    threads,
    runtime: loadRuntime(manifest.runtime),
  };
}

/**
 * Makes the engine one for this package: the one at rest that has it loaded, or a new one, whose
 * tombstone comes first. The one before rests as long as all fit into the device's memory.
 */
export function ensureEngine(turn: Turn, id: Digest): void {
  const { device, world } = turn;
  if (device.engine?.package === id) return;
  const known = device.packages.get(id);
  if (known?.admission === undefined) return;
  restEngine(turn);
  const { provider, threads } = known.admission;
  const isSame = (each: Engine) =>
    each.package === id && each.provider === provider && each.threads === threads;
  const rested = device.resting.find(isSame);
  if (rested !== undefined) {
    device.engine = rested;
    device.resting = device.resting.filter((each) => each !== rested);
    return;
  }
  const { peakBytes } = known.manifest;
  makeRoom(turn, peakBytes);
  const worker = device.nextId++;
  device.engine = {
    worker,
    package: id,
    provider,
    threads,
    peakBytes,
    stage: 'marking',
    since: world.now,
    proven: false,
    shardsRun: 0,
    silentMs: 0,
  };
  raiseTombstone(turn, { package: id, provider, threads }, { type: 'engine', worker });
}

export function markedEngine(turn: Turn, worker: WorkerId): void {
  const { engine, packages } = turn.device;
  if (engine?.worker !== worker || engine.stage !== 'marking') return;
  const known = packages.get(engine.package);
  if (known === undefined) return;
  engine.stage = 'loading';
  const { provider, threads } = engine;
  turn.effects.push(fitLoad({ worker, provider, threads, manifest: known.manifest }));
}

export function engineLoaded(turn: Turn, worker: WorkerId): void {
  const { engine } = turn.device;
  if (engine?.worker === worker && engine.stage === 'loading') engine.stage = 'ready';
}

/** Any word of a compute worker is a sign of life. */
export function hearEngine({ device }: Turn, worker: WorkerId): void {
  if (device.engine?.worker === worker) device.engine.silentMs = 0;
}

/** A unit is done: what kills this tab from now on is not the model. */
export function proveEngine(turn: Turn, worker: WorkerId): void {
  const { engine } = turn.device;
  if (engine?.worker !== worker || engine.proven) return;
  engine.proven = true;
  liftTombstone(turn);
}

/** The first good run lifts the tombstone; after many the worker goes, since its heap grows. */
export function countRun(turn: Turn): void {
  const { engine, shards } = turn.device;
  if (engine === undefined) return;
  engine.shardsRun += 1;
  proveEngine(turn, engine.worker);
  const idle = !shards.some(({ stage }) => stage === 'running');
  if (isWornOut(turn) && idle) stopEngine(turn);
}

/** Enough shards were run or queued on this worker: it is let run dry and replaced. */
export function isWornOut({ device }: Turn): boolean {
  const { engine, config, shards } = device;
  const queued = shards.filter(({ stage }) => stage === 'running').length;
  return engine !== undefined && engine.shardsRun + queued >= config.recycleShards;
}

/** Lays an engine that has shown to work aside with its model; any other ends. */
function restEngine(turn: Turn): void {
  const { device } = turn;
  const { engine } = device;
  if (engine?.stage !== 'ready' || !engine.proven || isWornOut(turn)) return stopEngine(turn);
  delete device.engine;
  device.resting.push(engine);
}

/** Ends engines at rest, those used longest ago first, until a package fits beside the others. */
function makeRoom({ device, effects }: Turn, peakBytes: Bytes): void {
  const memoryBytes = offeredBytes(device);
  const taken = () => device.resting.reduce<number>((sum, each) => sum + each.peakBytes, peakBytes);
  const isFull = () => device.resting.length > RESTING_MAX || taken() > memoryBytes;
  while (device.resting.length > 0 && isFull()) {
    const oldest = device.resting.shift();
    if (oldest !== undefined) effects.push({ type: 'terminate', worker: oldest.worker });
  }
}

/** Ends an engine at rest that broke; says whether there was one. */
export function restingFailed({ device, effects }: Turn, worker: WorkerId): boolean {
  const left = device.resting.filter((each) => each.worker !== worker);
  if (left.length === device.resting.length) return false;
  device.resting = left;
  effects.push({ type: 'terminate', worker });
  return true;
}

/** Gives the memory of all compute workers back. */
export function stopEngines(turn: Turn): void {
  const { device, effects } = turn;
  for (const { worker } of device.resting) effects.push({ type: 'terminate', worker });
  device.resting = [];
  stopEngine(turn);
}

/** Terminating is the only way to give a worker's memory back. */
function stopEngine(turn: Turn): void {
  const { device, effects } = turn;
  if (device.engine === undefined) return;
  effects.push({ type: 'terminate', worker: device.engine.worker });
  const { proven } = device.engine;
  delete device.engine;
  if (!proven) liftTombstone(turn);
}

/** The variant every device can run. */
export function modelFile(manifest: PackageManifest): PackageManifest['variants'][number]['file'] {
  const plain = manifest.variants.find(({ needs }) => needs.length === 0) ?? manifest.variants[0];
  if (plain === undefined) throw new RangeError('a manifest has at least one variant');
  return plain.file;
}
