import type { MessageDescriptor } from '@lingui/core';
import { msg, plural, t } from '@lingui/core/macro';
import type { DeviceView } from '#protocol/api/grid-view.ts';
import type { JobState, JobView, Quote } from '#protocol/api/job.ts';
import type { JobId } from '#protocol/values/ids.ts';
import {
  formatBytes,
  formatCertainty,
  formatCount,
  formatId,
  formatMillis,
  formatPrice,
  formatShare,
  formatSol,
} from './format.ts';
import { say, sayReasons } from './language.ts';

export type JobTone = 'calm' | 'busy' | 'good' | 'bad';

const STATES: Record<JobState, { label: MessageDescriptor; tone: JobTone }> = {
  checking: { label: msg`Being checked`, tone: 'busy' },
  quoted: { label: msg`Quoted`, tone: 'calm' },
  running: { label: msg`Running`, tone: 'busy' },
  finishing: { label: msg`Last checks`, tone: 'busy' },
  done: { label: msg`Done`, tone: 'good' },
  cancelled: { label: msg`Cancelled`, tone: 'calm' },
  refused: { label: msg`Refused`, tone: 'bad' },
};

/** A job's state in a word, and its colour. */
export const describeState = (state: JobState): { label: string; tone: JobTone } => ({
  label: say(STATES[state].label),
  tone: STATES[state].tone,
});

/** A job that will not change any more. */
export const isEnded = (state: JobState): boolean =>
  state === 'done' || state === 'cancelled' || state === 'refused';

/** Whether the result of every unit can be fetched. */
export const hasResults = (job: JobView): boolean =>
  (job.state === 'done' || job.state === 'finishing') && job.released >= job.units && job.items > 0;

/** Items from the first on whose results can be read: all of them at the end, and some before. */
export const readableItems = (job: JobView): number =>
  hasResults(job) ? job.items : isEnded(job.state) ? 0 : (job.readyItems ?? 0);

/** Share of the job's units that are accepted, 0 to 1; all of one that is done, whatever failed. */
export const jobFraction = (job: JobView): number =>
  job.state === 'done' ? 1 : job.units === 0 ? 0 : Math.min(1, job.accepted / job.units);

/** How long the job has run, or ran, in milliseconds; absent before its start. */
export function jobDurationMs(job: JobView, now: number): number | undefined {
  return job.startedAt === undefined
    ? undefined
    : Math.max(0, (job.endedAt ?? now) - job.startedAt);
}

/** The quote, line by line: what, how much, and what that means. */
export function viewQuote(quote: Quote): { label: string; value: string; note?: string }[] {
  return [
    {
      label: t`Work`,
      value: plural(quote.units, { one: '# unit', other: '# units' }),
      note: t`${plural(quote.items, { one: '# item', other: '# items' })}, in about ${plural(quote.shards, { one: '# shard', other: '# shards' })}`,
    },
    {
      label: t`Time`,
      value:
        quote.durationMs === undefined
          ? t`not known yet`
          : t`about ${formatMillis(quote.durationMs)}`,
      note:
        quote.devices === 0
          ? t`no device online can take this job yet`
          : quote.durationMs === undefined
            ? sayReasons(quote.notes)
            : t`with the ${plural(quote.devices, { one: '# device', other: '# devices' })} online now`,
    },
    { label: t`Price`, value: formatPrice(quote.total) },
    {
      label: t`Checked`,
      value: t`${formatShare(quote.checkRate, 1)} of units`,
      note: t`a device that falsifies a fifth of this job is caught with ${formatCertainty(quote.confidence)} certainty`,
    },
    { label: t`Memory`, value: formatBytes(quote.peakBytes), note: t`at most, on each device` },
  ];
}

/** What the accepted units of a job come to. */
const costOf = ({ unitPrice, accepted }: JobView): bigint => BigInt(unitPrice) * BigInt(accepted);

const describeBudget = ({ quote }: JobView): string =>
  quote === undefined ? t`for units so far` : t`of ${formatSol(BigInt(quote.total))} quoted`;

/** What the accepted units of a job with a price come to, of how much that was quoted. */
export const describeCost = (job: JobView): string | undefined =>
  job.unitPrice === '0' ? undefined : `${formatSol(costOf(job))} ${describeBudget(job)}`;

/** Units that wait for late devices, and which those are; nothing where none is late. */
export function describeStragglers(
  { soonestLate = [] }: Pick<JobView, 'soonestLate'>,
  now: number,
): string | undefined {
  const late = soonestLate.filter(({ lateFrom }) => lateFrom <= now);
  if (late.length === 0) return undefined;
  const units = late.reduce((sum, each) => sum + each.units, 0);
  const names = late.map(
    (each) => t`${formatId(each.device)} (${formatMillis(now - each.lateFrom)} late)`,
  );
  return t`${plural(units, { one: '# unit', other: '# units' })} wait for ${plural(late.length, { one: '# late device', other: '# late devices' })}: ${names.join(', ')}.`;
}

/** Devices that compute a job now, the slowest first; those without a speed come last. */
export const slowestFirst = (devices: readonly DeviceView[], job: JobId): DeviceView[] =>
  devices
    .filter((device) => device.job === job)
    .toSorted((a, b) => (b.unitMs ?? -1) - (a.unitMs ?? -1));

/** The counters under the chart. */
export function viewCounters(job: JobView): { id: string; label: string; value: string }[] {
  return [
    {
      id: 'accepted',
      label: t`of ${formatCount(job.units)} accepted`,
      value: formatCount(job.accepted),
    },
    ...(job.assurance === 'instant'
      ? []
      : [{ id: 'released', label: t`units final`, value: formatCount(job.released) }]),
    {
      id: 'devices',
      label: plural(job.devices, { one: 'device at work', other: 'devices at work' }),
      value: formatCount(job.devices),
    },
    { id: 'leased', label: t`units out now`, value: formatCount(job.leased) },
    { id: 'checked', label: t`units checked`, value: formatCount(job.checked) },
    { id: 'mismatched', label: t`mismatched`, value: formatCount(job.mismatched) },
    ...(job.failed === 0
      ? []
      : [{ id: 'failed', label: t`items failed`, value: formatCount(job.failed) }]),
    { id: 'requeued', label: t`units re-queued`, value: formatCount(job.requeued) },
    ...(job.unitPrice === '0'
      ? []
      : [{ id: 'cost', label: describeBudget(job), value: formatSol(costOf(job)) }]),
  ];
}
