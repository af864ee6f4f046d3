import { plural, t } from '@lingui/core/macro';
import type { ClassSpeed, ModelTrust } from '#protocol/api/model-stats.ts';
import { formatCount, formatRate, formatShare } from './format.ts';
import { nameProvider } from './trial-view.ts';

/** What kind of device a class is of, by its provider: `Graphics (WebGPU), apple metal-3`. */
export const nameClass = ({ provider, hardware, threads }: ClassSpeed): string =>
  provider === 'wasm' ? nameProvider(provider, threads) : `${nameProvider(provider)}, ${hardware}`;

/** How fast a device of a class is: the median, and between which speeds all of them lie. */
export function viewSpeed({ devices, itemsPerSecond: { median, least, most } }: ClassSpeed) {
  const range = devices === 1 ? '–' : t`${formatRate(least)} to ${formatRate(most)}`;
  return { devices: formatCount(devices), median: formatRate(median), range };
}

/** What checks say of a model, in a sentence. */
export function describeTrust({ accepted, checked, mismatched }: ModelTrust): string {
  if (accepted === 0) return t`No unit of it is computed yet.`;
  const done = t`${plural(accepted, { one: '# unit', other: '# units' })} computed`;
  if (checked === 0) return t`${done}, none checked yet.`;
  const right = checked - mismatched;
  return t`${done}. ${plural(checked, { one: '# check', other: '# checks' })}: ${formatCount(right)} passed (${formatShare(right / checked, 2)}), ${formatCount(mismatched)} mismatched.`;
}
