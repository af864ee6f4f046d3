import type { Trial } from '#protocol/messages/control.ts';
import { allowsProvider, type PackageManifest } from '#protocol/models/package.ts';
import type { Digest } from '#protocol/values/ids.ts';
import type { Provider } from '#protocol/values/provider.ts';
import { type Reason, why } from '#protocol/values/reason.ts';
import { after, millis } from '#protocol/values/units.ts';
import { conclude, endTrial, failed, retryLater } from './admission-end.ts';
import { fitLoad } from './engine.ts';
import type { ContributorEvent } from './events.ts';
import { kindOf } from './kinds/kind-of.ts';
import { AVOIDED_DAYS, hasEndedTab, liftTombstone, needsLess, raiseTombstone } from './memory.ts';
import { askRuntime } from './runtime.ts';
import type { Admission, OpenTrial, Turn } from './state.ts';

const EXACT_THREADS_MAX = 4;
export const TRIAL_MS_MAX = 60_000;
/** Warm runs that are timed after the known answers. */
const TIMED_RUNS = 5;
type Ran = Extract<ContributorEvent, { type: 'ran' }>;

export function nextTrial(turn: Turn): void {
  const { device } = turn;
  const { admission } = device;
  if (admission === undefined) return;
  const provider = admission.providers.shift();
  if (provider === undefined) return conclude(turn, admission);
  if (!device.config.capabilities.providers.includes(provider)) {
    admission.trials.push(skippedTrial(provider, why('not-offered', { provider })));
    return nextTrial(turn);
  }
  if (!allowsProvider(admission.manifest, provider)) {
    admission.trials.push(
      skippedTrial(provider, why('exact-only', { model: admission.manifest.name })),
    );
    return nextTrial(turn);
  }
  if (hasEndedTab(turn, { package: admission.package, provider })) {
    const reason = why('tab-ended', { days: AVOIDED_DAYS });
    admission.trials.push(skippedTrial(provider, reason));
    return nextTrial(turn);
  }
  if (!askRuntime(turn, provider)) {
    admission.providers.unshift(provider);
    admission.stage = 'awaiting-runtime';
    return;
  }
  admission.stage = 'trying';
  admission.trial = {
    provider,
    threads: threadsOn(turn, provider, { id: admission.package, manifest: admission.manifest }),
    worker: device.nextId++,
    deadlineAt: after(turn.world.now, millis(TRIAL_MS_MAX)),
    runsDone: 0,
    timings: [],
    l2: 0,
  };
  const { threads } = admission.trial;
  raiseTombstone(turn, { package: admission.package, provider, threads }, { type: 'trial' });
}

export const skippedTrial = (provider: Trial['provider'], reason: Reason): Trial => ({
  provider,
  dtype: 'f32',
  threads: 1,
  outcome: 'skipped',
  reason,
});

/** One thread where more may have ended a tab. */
export function threadsOn(
  turn: Turn,
  provider: Provider,
  { id, manifest }: { id: Digest; manifest: PackageManifest },
): number {
  if (provider !== 'wasm' || !kindOf(manifest).mayThread(manifest)) return 1;
  if (needsLess(turn, { package: id, provider })) return 1;
  return Math.min(turn.device.config.capabilities.threads, EXACT_THREADS_MAX);
}

/** The tombstone is on disk: the sacrificial worker may load. */
export function startTrial(turn: Turn): void {
  const { admission } = turn.device;
  if (admission?.trial === undefined) return;
  const { worker, provider, threads } = admission.trial;
  turn.effects.push(fitLoad({ worker, provider, threads, manifest: admission.manifest }));
}

export function trialLoaded(
  turn: Turn,
  { worker, partition }: Extract<ContributorEvent, { type: 'loaded' }>,
): boolean {
  const { admission } = turn.device;
  if (admission?.trial?.worker !== worker) return false;
  if (partition !== undefined) admission.trial.partition = partition;
  if (partition?.taken === 0) {
    // All of it would run on wasm, and be judged as a GPU's.
    const { nodes } = partition;
    closeTrial(turn, { outcome: 'failed', reason: why('graph-not-taken', { nodes }) });
  } else runTrial(turn, admission, admission.trial);
  return true;
}

function runTrial(turn: Turn, admission: Admission, trial: OpenTrial): void {
  const { answers } = admission;
  const inputs = answers[trial.runsDone % answers.length]?.inputs;
  if (inputs === undefined) return;
  trial.run = turn.device.nextId++;
  turn.effects.push({
    type: 'run',
    worker: trial.worker,
    run: trial.run,
    unitCount: 1,
    inputs: inputs.slice(),
  });
}

/** Takes a run of the trial; says whether it was one. */
export function finishTrialRun(turn: Turn, event: Ran): boolean {
  const { admission } = turn.device;
  const trial = admission?.trial;
  if (admission === undefined || trial === undefined || trial.worker !== event.worker) return false;
  if (trial.run !== event.run) return true;
  const { answers, manifest } = admission;
  if (trial.runsDone < answers.length) {
    const reference = answers[trial.runsDone]?.outputs;
    if (reference === undefined) return true;
    const distance = kindOf(manifest).compareAnswer(manifest, event.bytes, reference);
    trial.l2 = Math.max(trial.l2, distance.l2);
    const exact = event.bytes.every((byte, at) => byte === reference[at]);
    const right = trial.provider === 'wasm' ? exact : distance.within;
    if (!right) {
      const reason = why('wrong', { exact: trial.provider === 'wasm' });
      closeTrial(turn, { outcome: 'wrong', reason });
      return true;
    }
  } else trial.timings.push(event.computeMs);
  trial.runsDone += 1;
  // What may end a tab is to load and to run for the first time.
  liftTombstone(turn);
  if (trial.timings.length < TIMED_RUNS) runTrial(turn, admission, trial);
  else closeTrial(turn, { outcome: 'fit', reason: why('right', {}) });
  return true;
}

export function trialFailed(
  turn: Turn,
  event: Extract<ContributorEvent, { type: 'worker-failed' }>,
): boolean {
  const { admission } = turn.device;
  if (admission?.trial?.worker !== event.worker) return false;
  if (['download-failed', 'page-outdated', 'blob-unknown'].includes(event.refusal.code)) {
    // Nothing was tried: its program did not come, or the model is kept no more.
    admission.providers.unshift(admission.trial.provider);
    endTrial(turn, admission);
    liftTombstone(turn);
    retryLater(turn, admission, event.refusal);
  } else closeTrial(turn, { outcome: 'failed', reason: failed(event.refusal) });
  return true;
}

export function closeTrial(turn: Turn, end: Pick<Trial, 'outcome' | 'reason'>): void {
  const { admission } = turn.device;
  const trial = admission?.trial;
  if (admission === undefined || trial === undefined) return;
  endTrial(turn, admission);
  const sorted = [...trial.timings].sort((a, b) => a - b);
  const unitMs = sorted[sorted.length >> 1];
  const { provider, threads } = trial;
  admission.trials.push({
    provider,
    dtype: 'f32',
    threads,
    ...end,
    ...(end.outcome === 'fit' && unitMs !== undefined ? { unitMs: millis(unitMs) } : {}),
    ...(provider === 'wasm' ? {} : { l2: trial.l2 }),
    ...(trial.partition === undefined ? {} : { partition: trial.partition }),
  });
  turn.device.trials = [...admission.trials];
  nextTrial(turn);
}
