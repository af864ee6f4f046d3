import type { Digest } from '#protocol/ids.ts';
import type { PackageManifest, Provider } from '#protocol/package.ts';
import type { Refusal } from '#protocol/refusal.ts';
import { between } from '#protocol/units.ts';
import { modelFile, receiveAdmit } from './admission.ts';
import type { ContributorEffect, WorkerId } from './events.ts';
import { forgetAdmission, liftTombstone, raiseTombstone } from './memory.ts';
import { failShards } from './pipeline.ts';
import type { Turn } from './state.ts';

const LOAD_MS_MAX = 120_000;
const FAILURES_MAX = 2;

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
    graphOptimization: manifest.reference.graphOptimization,
    inputs: manifest.inputs,
    outputs: manifest.outputs,
    taps: manifest.taps.map(({ name }) => name),
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

/** The first good run lifts the tombstone; after many the worker is replaced, since its heap only grows. */
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

/**
 * The compute worker broke: what it held goes back. The first time it is loaded anew; the second time
 * running, the package is admitted again without this provider.
 */
export function engineFailed(turn: Turn, worker: WorkerId, refusal: Refusal): void {
  const { device } = turn;
  if (device.engine?.worker !== worker) return;
  const { package: id, provider, shardsRun } = device.engine;
  const known = device.packages.get(id);
  stopEngine(turn);
  if (shardsRun > 0) device.engineFailures = 0;
  device.engineFailures += 1;
  const final = device.engineFailures >= FAILURES_MAX;
  failShards(turn, id, { refusal, final: final && provider === 'wasm' });
  if (!final || known === undefined) return;
  device.engineFailures = 0;
  forgetAdmission(turn, id);
  device.packages.delete(id);
  if (provider === 'wasm') return;
  device.broken.set(provider, refusal.message);
  receiveAdmit(turn, { id, manifest: known.manifest });
}

export function tickEngine(turn: Turn): void {
  const { engine } = turn.device;
  if (engine === undefined || engine.stage === 'ready') return;
  if (between(engine.since, turn.world.now) < LOAD_MS_MAX) return;
  const message = `the model did not load within ${LOAD_MS_MAX / 1000} s`;
  engineFailed(turn, engine.worker, { code: 'provider-timeout', message });
}
