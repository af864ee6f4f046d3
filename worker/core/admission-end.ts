import type { Digest } from '#protocol/values/ids.ts';
import { type Reason, why } from '#protocol/values/reason.ts';
import type { Refusal } from '#protocol/values/refusal.ts';
import { modelFile } from './engine.ts';
import { keepAdmission, liftTombstone } from './memory.ts';
import { retryAt } from './runtime.ts';
import { type Admission, send, type Turn } from './state.ts';

/** What a runtime said as it failed. */
export const failed = ({ message }: Refusal): Reason => why('trial-failed', { text: message });

export function announce(turn: Turn, id: Digest): void {
  const admission = turn.device.packages.get(id)?.admission;
  if (admission === undefined) return;
  const { provider, dtype, threads, unitMs, trials } = admission;
  send(turn, {
    type: 'admitted',
    package: id,
    provider,
    dtype,
    threads,
    unitMs,
    trials: [...trials],
  });
  const manifest = turn.device.packages.get(id)?.manifest;
  if (manifest !== undefined && turn.device.config.serves) {
    send(turn, { type: 'have', root: modelFile(manifest).root });
  }
}

/** The fastest provider that is right is kept. */
export function conclude(turn: Turn, admission: Admission): void {
  const { device } = turn;
  delete device.admission;
  device.trials = admission.trials;
  const fit = admission.trials
    .filter(({ outcome }) => outcome === 'fit')
    .sort((a, b) => (a.unitMs ?? Infinity) - (b.unitMs ?? Infinity))[0];
  if (fit?.unitMs === undefined) {
    liftTombstone(turn);
    send(turn, {
      type: 'unfit',
      package: admission.package,
      trials: admission.trials,
    });
    const trials = admission.trials.map(({ provider, outcome }) => ({ provider, outcome }));
    device.idle = why('device-unfit', { model: admission.manifest.name, trials });
    return;
  }
  const kept = {
    package: admission.package,
    runtime: device.config.runtime,
    chosen: device.config.provider,
    provider: fit.provider,
    dtype: fit.dtype,
    threads: fit.threads,
    unitMs: fit.unitMs,
    trials: admission.trials,
  };
  const { manifest, job } = admission;
  device.packages.set(admission.package, { manifest, job, admission: kept });
  keepAdmission(turn, kept);
  announce(turn, admission.package);
}

/** Ends an admission without a verdict: the page is hidden, or the person stopped. */
export function dropAdmission(turn: Turn): void {
  const { device, effects } = turn;
  const { admission } = device;
  if (admission === undefined) return;
  for (const fetch of admission.fetches.keys()) effects.push({ type: 'cancel-fetch', fetch });
  if (admission.trial !== undefined) liftTombstone(turn);
  endTrial(turn, admission);
  delete device.admission;
  delete device.download;
}

export function endTrial({ effects }: Turn, admission: Admission): void {
  if (admission.trial === undefined) return;
  effects.push({ type: 'terminate', worker: admission.trial.worker });
  delete admission.trial;
}

export function retryLater(turn: Turn, admission: Admission, { code, message }: Refusal): void {
  admission.fetches.clear();
  admission.stage = 'queued';
  admission.retryAt = retryAt(turn.world.now, admission.fetchFailures);
  admission.fetchFailures += 1;
  turn.device.idle =
    code === 'page-outdated' ? why('page-outdated', {}) : why('download-again', { text: message });
}
