import { why } from '#protocol/values/reason.ts';
import type { Refusal } from '#protocol/values/refusal.ts';
import { between } from '#protocol/values/units.ts';
import { closeTrial, failed, receiveAdmit, TRIAL_MS_MAX } from './admission.ts';
import { stopEngine } from './engine.ts';
import type { WorkerId } from './events.ts';
import { forgetAdmission } from './memory.ts';
import { failShards, removeShard, sendCommit, sendReveal, UNCOMMITTED } from './pipeline.ts';
import type { Turn } from './state.ts';

export function tickAdmission(turn: Turn): void {
  const trial = turn.device.admission?.trial;
  if (trial === undefined || trial.deadlineAt > turn.world.now) return;
  closeTrial(turn, {
    outcome: 'timeout',
    reason: why('trial-slow', { seconds: TRIAL_MS_MAX / 1000 }),
  });
}

const LOAD_MS_MAX = 120_000;

const FAILURES_MAX = 2;

/**
 * The compute worker broke: what it held goes back. The first time it is loaded anew; the second
 * time running, the package is admitted again without this provider.
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
  device.broken.set(provider, failed(refusal));
  receiveAdmit(turn, { id, manifest: known.manifest });
}

export function tickEngine(turn: Turn): void {
  const { engine } = turn.device;
  if (engine === undefined || engine.stage === 'ready') return;
  if (between(engine.since, turn.world.now) < LOAD_MS_MAX) return;
  const message = `the model did not load within ${LOAD_MS_MAX / 1000} s`;
  engineFailed(turn, engine.worker, { code: 'provider-timeout', message });
}

/** A run past its deadline may never end: only a new worker helps. */
function failHungRun(turn: Turn): void {
  const { engine } = turn.device;
  const message = 'a shard did not end by its deadline; the compute worker is replaced';
  if (engine !== undefined)
    engineFailed(turn, engine.worker, { code: 'provider-timeout', message });
}

export function tickShards(turn: Turn): void {
  const { now } = turn.world;
  for (const shard of [...turn.device.shards]) {
    if (shard.deadlineAt <= now && shard.stage === 'running') return failHungRun(turn);
    if (shard.deadlineAt <= now && UNCOMMITTED.includes(shard.stage)) removeShard(turn, shard);
    else if (shard.deadlineAt + 120_000 <= now) removeShard(turn, shard);
    else if (shard.retryAt !== undefined && shard.retryAt <= now) {
      delete shard.retryAt;
      if (shard.stage === 'committed') sendCommit(turn, shard);
      else sendReveal(turn, shard);
    }
  }
}
