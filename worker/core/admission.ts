import type { HubMessage } from '#protocol/messages/control.ts';
import { hasProvider, type Provider } from '#protocol/values/provider.ts';
import { why } from '#protocol/values/reason.ts';
import { conclude, dropAdmission } from './admission-end.ts';
import { skipKnownBad } from './known-bad.ts';
import { findAdmission, hasEndedTab } from './memory.ts';
import type { Turn } from './state.ts';
import { skippedTrial, threadsOn } from './trials.ts';

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

/** A paused admission starts over when the page is seen again. */
export function requeueAdmission(turn: Turn): void {
  const { device } = turn;
  const { admission } = device;
  if (admission === undefined) return;
  const { package: id, job, manifest, without } = admission;
  dropAdmission(turn);
  receiveAdmit(turn, { id, job, manifest, without: [...without] });
}
