import { isOfOneUnit } from '#protocol/messages/compute.ts';
import { why } from '#protocol/values/reason.ts';
import { between, type Instant } from '#protocol/values/units.ts';
import { receiveAdmit } from './admission.ts';
import { failed } from './admission-end.ts';
import { countRun, restingFailed, stopEngines } from './engine.ts';
import type { ContributorEvent } from './events.ts';
import { forgetAdmission } from './memory.ts';
import {
  failShard,
  failShards,
  removeShard,
  sendCommit,
  sendReveal,
  UNCOMMITTED,
} from './pipeline.ts';
import { type Shard, send, type Turn } from './state.ts';
import { closeTrial, TRIAL_MS_MAX } from './trials.ts';

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

type Failure = Extract<ContributorEvent, { type: 'worker-failed' }>;

/** Takes a unit that the runtime refused, where the worker goes on; says whether it was one. */
export function unitFailed(turn: Turn, { worker, run, unit, refusal }: Failure): boolean {
  const { engine, shards } = turn.device;
  const isWhole = engine?.provider !== 'wasm' || !isOfOneUnit(refusal);
  if (engine?.worker !== worker || unit === undefined || isWhole) return false;
  const shard = shards.find((each) => each.run === run && each.stage === 'running');
  if (shard !== undefined) failShard(turn, shard, { refusal, unit });
  countRun(turn);
  return true;
}

/**
 * The compute worker broke: what it held goes back, and it is loaded anew. The second time running
 * the package is admitted again without this provider; a model that does not load on wasm, which
 * every device has, does not run here.
 */
export function engineFailed(turn: Turn, { worker, unit, refusal }: Failure): void {
  const { device } = turn;
  if (restingFailed(turn, worker) || device.engine?.worker !== worker) return;
  const { package: id, provider, threads, stage, shardsRun } = device.engine;
  const known = device.packages.get(id);
  stopEngines(turn);
  failShards(turn, id, { refusal, unit });
  // The line broke before its program was here: nothing was tried.
  if (refusal.code === 'download-failed' || refusal.code === 'page-outdated') return;
  // Its room was given back: it is fetched again.
  if (refusal.code === 'blob-unknown' && known !== undefined) {
    return receiveAdmit(turn, { id, ...known });
  }
  // The hub finds out whether the unit is at fault or this device.
  if (provider === 'wasm' && stage === 'ready') return;
  if (shardsRun > 0) device.engineFailures = 0;
  device.engineFailures += 1;
  if (device.engineFailures < FAILURES_MAX || known === undefined) return;
  device.engineFailures = 0;
  forgetAdmission(turn, id);
  device.packages.delete(id);
  if (provider === 'wasm') {
    const reason = failed(refusal);
    const trial = { provider, dtype: 'f32', threads, outcome: 'failed', reason } as const;
    send(turn, { type: 'unfit', package: id, trials: [trial] });
    return;
  }
  device.broken.set(provider, why('provider-broke', { provider, text: refusal.message }));
  receiveAdmit(turn, { id, ...known });
}

export function tickEngine(turn: Turn): void {
  tickSilence(turn);
  const { engine } = turn.device;
  if (engine === undefined || engine.stage === 'ready') return;
  if (between(engine.since, turn.world.now) < LOAD_MS_MAX) return;
  const message = `the model did not load within ${LOAD_MS_MAX / 1000} s`;
  failEngine(turn, message);
}

/** A tick that comes later than this comes after a sleep, in which nothing could be heard. */
const TICK_MS_MAX = 1_000;
const SILENT_MS_MIN = 10_000;
/** A worker that computes is silent for a unit: so many times of what one took in admission. */
const SILENT_UNITS = 20;

/** Ends a compute worker that says nothing while it has something to run: browsers end one without a word. */
function tickSilence(turn: Turn): void {
  const { device, world } = turn;
  const { engine, tickedAt = world.now } = device;
  device.tickedAt = world.now;
  if (engine?.stage !== 'ready') return;
  const isRunning = device.shards.some(({ stage }) => stage === 'running');
  // A GPU compiles its programs in its first run.
  if (!isRunning || (engine.provider !== 'wasm' && !engine.proven)) {
    engine.silentMs = 0;
    return;
  }
  engine.silentMs += Math.min(TICK_MS_MAX, between(tickedAt, world.now));
  const unitMs = device.packages.get(engine.package)?.admission?.unitMs ?? 0;
  if (engine.silentMs < Math.max(SILENT_MS_MIN, SILENT_UNITS * unitMs)) return;
  failEngine(turn, 'the compute worker fell silent');
}

/** What takes too long may never end: only a new worker helps. */
function failEngine(turn: Turn, message: string): void {
  const { engine } = turn.device;
  if (engine === undefined) return;
  const refusal = { code: 'provider-timeout', message } as const;
  engineFailed(turn, { type: 'worker-failed', worker: engine.worker, refusal });
}

/** A run that has taken this much of its lease is given up, in time for the hub to hear of it. */
const RUN_SHARE = 0.9;

function isHung({ stage, deadlineAt, lease }: Shard, now: Instant): boolean {
  return stage === 'running' && deadlineAt - (1 - RUN_SHARE) * lease.deadlineMs <= now;
}

export function tickShards(turn: Turn): void {
  const { now } = turn.world;
  for (const shard of [...turn.device.shards]) {
    if (isHung(shard, now)) return failEngine(turn, 'a unit did not end within its time');
    if (shard.deadlineAt <= now && UNCOMMITTED.includes(shard.stage)) removeShard(turn, shard);
    else if (shard.deadlineAt + 120_000 <= now) removeShard(turn, shard);
    else if (shard.retryAt !== undefined && shard.retryAt <= now) {
      delete shard.retryAt;
      if (shard.stage === 'committed') sendCommit(turn, shard);
      else sendReveal(turn, shard);
    }
  }
}
