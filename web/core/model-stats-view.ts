import type { ClassSpeed, ModelTrust } from '#protocol/api/model-stats.ts';
import { formatCount, formatNoun, formatRate, formatShare } from './format.ts';
import { nameProvider } from './trial-view.ts';

/** What kind of device a class is of, by its provider: `Graphics (WebGPU), apple metal-3`. */
export const nameClass = ({ provider, hardware, threads }: ClassSpeed): string =>
  provider === 'wasm' ? nameProvider(provider, threads) : `${nameProvider(provider)}, ${hardware}`;

/** How fast a device of a class is: the median, and between which speeds all of them lie. */
export function viewSpeed({ devices, itemsPerSecond: { median, least, most } }: ClassSpeed) {
  const range = devices === 1 ? '–' : `${formatRate(least)} to ${formatRate(most)}`;
  return { devices: formatCount(devices), median: formatRate(median), range };
}

/** What checks say of a model, in a sentence. */
export function describeTrust({ accepted, checked, mismatched }: ModelTrust): string {
  if (accepted === 0) return 'No unit of it is computed yet.';
  const done = `${formatNoun(accepted, 'unit')} computed`;
  if (checked === 0) return `${done}, none checked yet.`;
  const right = checked - mismatched;
  return `${done}. ${formatNoun(checked, 'check')}: ${formatCount(right)} passed (${formatShare(right / checked, 2)}), ${formatCount(mismatched)} mismatched.`;
}
