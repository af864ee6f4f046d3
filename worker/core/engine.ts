import { loadRuntime } from '#protocol/messages/compute.ts';
import type { PackageManifest, Provider } from '#protocol/models/package.ts';
import type { Digest } from '#protocol/values/ids.ts';
import type { ContributorEffect, WorkerId } from './events.ts';
import { liftTombstone, raiseTombstone } from './memory.ts';
import type { Turn } from './state.ts';

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

/** Makes the engine one for this package; the tombstone comes first. */
export function ensureEngine(turn: Turn, id: Digest): void {
  const { device, world } = turn;
  if (device.engine?.package === id) return;
  const admission = device.packages.get(id)?.admission;
  if (admission === undefined) return;
  stopEngine(turn);
  const worker = device.nextId++;
  const { provider, threads } = admission;
  device.engine = {
    worker,
    package: id,
    provider,
    threads,
    stage: 'marking',
    since: world.now,
    proven: false,
    shardsRun: 0,
  };
  raiseTombstone(turn, { package: id, provider }, { type: 'engine', worker });
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

/** The first good run lifts the tombstone; after many the worker goes, since its heap grows. */
export function countRun(turn: Turn): void {
  const { engine, shards } = turn.device;
  if (engine === undefined) return;
  engine.shardsRun += 1;
  if (!engine.proven) {
    engine.proven = true;
    liftTombstone(turn);
  }
  const idle = !shards.some(({ stage }) => stage === 'running');
  if (isWornOut(turn) && idle) stopEngine(turn);
}

/** Enough shards were run or queued on this worker: it is let run dry and replaced. */
export function isWornOut({ device }: Turn): boolean {
  const { engine, config, shards } = device;
  const queued = shards.filter(({ stage }) => stage === 'running').length;
  return engine !== undefined && engine.shardsRun + queued >= config.recycleShards;
}

/** Terminating is the only way to give a worker's memory back. */
export function stopEngine(turn: Turn): void {
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
