import { FAILED_SOURCES_MAX, type HubMessage, type Trial } from '#protocol/messages/control.ts';
import { allowsProvider, type PackageManifest } from '#protocol/models/package.ts';
import type { Digest } from '#protocol/values/ids.ts';
import { hasProvider, type Provider } from '#protocol/values/provider.ts';
import { type Reason, why } from '#protocol/values/reason.ts';
import type { Refusal } from '#protocol/values/refusal.ts';
import { after, bytes, millis } from '#protocol/values/units.ts';
import { fitLoad, modelFile, stopEngines } from './engine.ts';
import type { ContributorEvent, FetchId } from './events.ts';
import { kindOf } from './kinds/kind-of.ts';
import { skipKnownBad } from './known-bad.ts';
import {
  AVOIDED_DAYS,
  findAdmission,
  hasEndedTab,
  keepAdmission,
  liftTombstone,
  needsLess,
  raiseTombstone,
} from './memory.ts';
import { askRuntime, retryAt } from './runtime.ts';
import { type Admission, type OpenTrial, send, type Turn } from './state.ts';

const EXACT_THREADS_MAX = 4;
export const TRIAL_MS_MAX = 60_000;
/** Warm runs that are timed after the known answers. */
const TIMED_RUNS = 5;
type Ran = Extract<ContributorEvent, { type: 'ran' }>;

type Admit = Pick<Extract<HubMessage, { type: 'admit' }>, 'id' | 'job' | 'manifest' | 'without'>;

export function receiveAdmit(turn: Turn, { id, job, manifest, without = [] }: Admit): void {
  const { device } = turn;
  const isWithout = (provider: Provider) => without.some((each) => each.provider === provider);
  const kept = device.packages.get(id)?.admission ?? findAdmission(device, id);
  device.packages.set(id, { manifest, job, ...(kept === undefined ? {} : { admission: kept }) });
  delete device.idle;
  const isOpen =
    kept !== undefined &&
    !isWithout(kept.provider) &&
    !hasEndedTab(turn, { package: id, provider: kept.provider }) &&
    kept.threads === threadsOn(turn, kept.provider, { id, manifest });
  if (isOpen) {
    device.trials = kept.trials;
    return fetchKept(turn, { id, job, manifest });
  }
  if (device.admission?.package === id) return;
  if (device.config.onlyKept) {
    device.idle = why('nothing-kept', {});
    return;
  }
  dropAdmission(turn);
  const { providers } = device.config.capabilities;
  const { provider: chosen } = device.config;
  const broken = [...device.broken].map(([provider, reason]) => ({ provider, reason }));
  const isAuto = chosen === 'auto';
  const { skipped: always, knownBad } = device.config;
  const faults = skipKnownBad(knownBad, manifest.name);
  const skipped = [...(isAuto ? [...always, ...faults, ...broken] : []), ...without].filter(
    ({ provider }) => isAuto || hasProvider([chosen], provider),
  );
  device.admission = {
    package: id,
    job,
    manifest,
    stage: 'queued',
    fetchFailures: 0,
    failed: [],
    fetches: new Map(),
    answers: manifest.knownAnswers.map(() => ({})),
    without,
    providers: (isAuto ? providers : meant(chosen, providers)).filter(
      (each) => !skipped.some(({ provider }) => provider === each),
    ),
    trials: skipped.map((each) => skippedTrial(each.provider, each.reason)),
  };
  // Nothing is downloaded where nothing can be tried.
  if (device.admission.providers.length === 0) conclude(turn, device.admission);
}

/** The providers a person means: all kinds of WebNN that are there, or the one that was named. */
function meant(chosen: Provider, offered: readonly Provider[]): readonly Provider[] {
  const found = offered.filter((each) => hasProvider([chosen], each));
  return found.length === 0 ? [chosen] : found;
}

/** A kept admission holds, but the model may be evicted: it is fetched before the hub hears. */
function fetchKept(turn: Turn, { id, job, manifest }: Admit): void {
  dropAdmission(turn);
  turn.device.admission = {
    package: id,
    job,
    manifest,
    stage: 'queued',
    fetchFailures: 0,
    failed: [],
    fetches: new Map(),
    answers: [],
    without: [],
    providers: [],
    trials: [],
  };
}

/** What a runtime said as it failed. */
export const failed = ({ message }: Refusal): Reason => why('trial-failed', { text: message });

const skippedTrial = (provider: Trial['provider'], reason: Reason): Trial => ({
  provider,
  dtype: 'f32',
  threads: 1,
  outcome: 'skipped',
  reason,
});

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

/** Starts a queued admission when no shard needs the processor: timings want a quiet device. */
export function checkAdmission(turn: Turn): void {
  const { device, effects } = turn;
  const { admission } = device;
  if (admission?.stage !== 'queued' || device.link.name !== 'ready') return;
  if (device.hold !== undefined) return;
  if (admission.retryAt !== undefined && admission.retryAt > turn.world.now) return;
  const busy = device.shards.some(({ stage }) =>
    ['fetching', 'fetched', 'running'].includes(stage),
  );
  if (busy) return;
  stopEngines(turn);
  admission.stage = 'fetching';
  const file = modelFile(admission.manifest);
  device.download = {
    received: bytes(0),
    total: file.length,
    overPeers: bytes(0),
    overHttps: bytes(0),
  };
  const fetch = (part: 'model' | 'inputs' | 'outputs', ref: typeof file, answer?: number): void => {
    const id = device.nextId++;
    admission.fetches.set(id, { part, ...(answer === undefined ? {} : { answer }) });
    effects.push({
      type: 'fetch',
      fetch: id,
      target: {
        ...{ kind: 'blob', ref, brief: part !== 'model' },
        ...(device.config.onlyKept && { kept: true }),
      },
      wantBytes: part !== 'model',
    });
  };
  if (device.config.serves) seek(turn, admission);
  fetch('model', file);
  if (admission.answers.length === 0) return;
  admission.manifest.knownAnswers.forEach(({ inputs, outputs }, answer) => {
    fetch('inputs', inputs, answer);
    fetch('outputs', outputs, answer);
  });
}

function seek(turn: Turn, { manifest, failed }: Admission): void {
  const { root } = modelFile(manifest);
  send(turn, { type: 'seek', root, ...(failed.length === 0 ? {} : { failed: [...failed] }) });
}

/** Asks for other sources of the model, and says which have failed. */
export function sourceFailed(
  turn: Turn,
  { root, peer }: Extract<ContributorEvent, { type: 'source-failed' }>,
): void {
  const { admission } = turn.device;
  if (admission === undefined || modelFile(admission.manifest).root !== root) return;
  const { failed } = admission;
  if (failed.length >= FAILED_SOURCES_MAX || failed.includes(peer)) return;
  failed.push(peer);
  seek(turn, admission);
}

/** Takes a fetch that belongs to the admission; says whether it did. */
export function finishAdmissionFetch(
  turn: Turn,
  event: Extract<ContributorEvent, { type: 'fetched' }>,
): boolean {
  const { admission } = turn.device;
  const what = admission?.fetches.get(event.fetch);
  if (admission === undefined || what === undefined) return false;
  admission.fetches.delete(event.fetch);
  const answer = what.answer === undefined ? undefined : admission.answers[what.answer];
  if (answer !== undefined && what.part !== 'model' && event.bytes !== undefined) {
    answer[what.part] = event.bytes;
  }
  if (admission.fetches.size > 0) return true;
  // The figures of a finished download stay for the person who watches; a kept model had none.
  const { download } = turn.device;
  if (download !== undefined && download.received < download.total) delete turn.device.download;
  admission.stage = 'awaiting-runtime';
  resumeAdmission(turn);
  return true;
}

/** Goes on where the runtime has come: no deadline of a trial runs while something is fetched. */
export function resumeAdmission(turn: Turn): void {
  const { admission, packages } = turn.device;
  if (admission?.stage !== 'awaiting-runtime') return;
  if (admission.answers.length > 0) return nextTrial(turn);
  const kept = packages.get(admission.package)?.admission;
  if (kept !== undefined && !askRuntime(turn, kept.provider)) return;
  delete turn.device.admission;
  announce(turn, admission.package);
}

/** A download for the admission failed: it goes on where it stopped, after 1, 2, 4 … 30 s. */
export function failAdmissionFetch(turn: Turn, fetch: FetchId, refusal: Refusal): boolean {
  const { admission } = turn.device;
  if (admission?.fetches.has(fetch) !== true) return false;
  for (const id of admission.fetches.keys()) {
    if (id !== fetch) turn.effects.push({ type: 'cancel-fetch', fetch: id });
  }
  retryLater(turn, admission, refusal);
  return true;
}

function retryLater(turn: Turn, admission: Admission, { code, message }: Refusal): void {
  admission.fetches.clear();
  admission.stage = 'queued';
  admission.retryAt = retryAt(turn.world.now, admission.fetchFailures);
  admission.fetchFailures += 1;
  turn.device.idle =
    code === 'page-outdated' ? why('page-outdated', {}) : why('download-again', { text: message });
}

function nextTrial(turn: Turn): void {
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

/** One thread where more may have ended a tab. */
function threadsOn(
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

function endTrial({ effects }: Turn, admission: Admission): void {
  if (admission.trial === undefined) return;
  effects.push({ type: 'terminate', worker: admission.trial.worker });
  delete admission.trial;
}

/** The fastest provider that is right is kept. */
function conclude(turn: Turn, admission: Admission): void {
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

/** A paused admission starts over when the page is seen again. */
export function requeueAdmission(turn: Turn): void {
  const { device } = turn;
  const { admission } = device;
  if (admission === undefined) return;
  const { package: id, job, manifest, without } = admission;
  dropAdmission(turn);
  receiveAdmit(turn, { id, job, manifest, without: [...without] });
}
