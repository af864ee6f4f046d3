import type { MessageDescriptor } from '@lingui/core';
import { msg, plural, t } from '@lingui/core/macro';
import type { Trial } from '#protocol/messages/control.ts';
import type { DeviceStatus } from '#protocol/messages/device.ts';
import type { Provider } from '#protocol/values/provider.ts';
import { formatMillis, formatSentence } from './format.ts';
import { say, sayReason } from './language.ts';

/** One provider tried in admission, ready to draw. */
export interface TrialRow {
  provider: string;
  outcome: string;
  chosen: boolean;
  fit: boolean;
  /** Time of one unit; absent when the provider never ran one. */
  time?: string;
  /** Length of the bar: the slowest timed provider is 1. */
  length: number;
  reason: string;
}

const PROVIDERS: Record<Provider, MessageDescriptor> = {
  wasm: msg`Processor (WASM)`,
  webgpu: msg`Graphics (WebGPU)`,
  webnn: msg`Neural engine (WebNN)`,
  'webnn-npu': msg`Neural engine (WebNN)`,
  'webnn-gpu': msg`Graphics (WebNN)`,
  'webnn-cpu': msg`Processor (WebNN)`,
};

const OUTCOMES: Record<Trial['outcome'], MessageDescriptor> = {
  fit: msg`right`,
  wrong: msg`wrong answer`,
  failed: msg`failed`,
  timeout: msg`too slow`,
  skipped: msg`skipped`,
};

/** A provider in words, with its threads where it has several. */
export function nameProvider(provider: Provider, threads = 1): string {
  return threads > 1
    ? `${say(PROVIDERS[provider])}, ${plural(threads, { one: '# thread', other: '# threads' })}`
    : say(PROVIDERS[provider]);
}

/** How much of a model a provider took, where not all of it. */
function sayPartition({ partition, outcome }: Trial): string {
  if (partition === undefined || outcome !== 'fit') return '';
  const { nodes, taken, parts } = partition;
  if (taken === nodes) return '';
  const pieces = plural(parts, { one: '# piece', other: '# pieces' });
  return ` ${t`It takes ${taken} of the model’s ${nodes} steps, in ${pieces}; the processor does the rest.`}`;
}

/** The trials of an admission and which of them won. */
export function viewTrials(status: Pick<DeviceStatus, 'trials' | 'provider'>): TrialRow[] {
  const slowest = Math.max(0, ...status.trials.map(({ unitMs }) => unitMs ?? 0));
  const fit = status.trials.filter(
    ({ outcome, provider }) => outcome === 'fit' && provider === status.provider,
  );
  const best = Math.min(...fit.map(({ unitMs }) => unitMs ?? Number.POSITIVE_INFINITY));
  const winner = fit.find(({ unitMs }) => (unitMs ?? Number.POSITIVE_INFINITY) === best);
  return status.trials.map((trial) => ({
    provider: nameProvider(trial.provider, trial.threads),
    outcome: say(OUTCOMES[trial.outcome]),
    chosen: trial === winner,
    fit: trial.outcome === 'fit',
    ...(trial.unitMs === undefined ? {} : { time: formatMillis(trial.unitMs) }),
    length:
      trial.unitMs === undefined || slowest === 0 ? 0 : Math.max(0.02, trial.unitMs / slowest),
    reason: `${formatSentence(sayReason(trial.reason))}${sayPartition(trial)}`,
  }));
}
