import type { DeviceView } from '#protocol/api/grid-view.ts';
import type { JobState, JobView, Quote } from '#protocol/api/job.ts';
import { describeNotes } from '#protocol/api/sentences.ts';
import type { JobId } from '#protocol/values/ids.ts';
import {
  formatBytes,
  formatCertainty,
  formatCount,
  formatId,
  formatMillis,
  formatNoun,
  formatPrice,
  formatShare,
  formatSol,
} from './format.ts';

export type JobTone = 'calm' | 'busy' | 'good' | 'bad';

const STATES: Record<JobState, { label: string; tone: JobTone }> = {
  checking: { label: 'Being checked', tone: 'busy' },
  quoted: { label: 'Quoted', tone: 'calm' },
  running: { label: 'Running', tone: 'busy' },
  finishing: { label: 'Last checks', tone: 'busy' },
  done: { label: 'Done', tone: 'good' },
  cancelled: { label: 'Cancelled', tone: 'calm' },
  refused: { label: 'Refused', tone: 'bad' },
};

/** A job's state in a word, and its colour. */
export const describeState = (state: JobState) => STATES[state];

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
      label: 'Work',
      value: formatNoun(quote.units, 'unit'),
      note: `${formatNoun(quote.items, 'item')}, in about ${formatNoun(quote.shards, 'shard')}`,
    },
    {
      label: 'Time',
      value:
        quote.durationMs === undefined
          ? 'not known yet'
          : `about ${formatMillis(quote.durationMs)}`,
      note:
        quote.devices === 0
          ? 'no device online can take this job yet'
          : quote.durationMs === undefined
            ? describeNotes(quote)
            : `with the ${formatNoun(quote.devices, 'device')} online now`,
    },
    { label: 'Price', value: formatPrice(quote.total) },
    {
      label: 'Checked',
      value: `${formatShare(quote.checkRate, 1)} of units`,
      note: `a device that falsifies a fifth of this job is caught with ${formatCertainty(quote.confidence)} certainty`,
    },
    { label: 'Memory', value: formatBytes(quote.peakBytes), note: 'at most, on each device' },
  ];
}

/** What the accepted units of a job come to. */
const costOf = ({ unitPrice, accepted }: JobView): bigint => BigInt(unitPrice) * BigInt(accepted);

const describeBudget = ({ quote }: JobView): string =>
  quote === undefined ? 'for units so far' : `of ${formatSol(BigInt(quote.total))} quoted`;

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
    (each) => `${formatId(each.device)} (${formatMillis(now - each.lateFrom)} late)`,
  );
  return `${formatNoun(units, 'unit')} wait for ${formatNoun(late.length, 'late device')}: ${names.join(', ')}.`;
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
      label: `of ${formatCount(job.units)} accepted`,
      value: formatCount(job.accepted),
    },
    ...(job.assurance === 'instant'
      ? []
      : [{ id: 'released', label: 'units final', value: formatCount(job.released) }]),
    {
      id: 'devices',
      label: job.devices === 1 ? 'device at work' : 'devices at work',
      value: formatCount(job.devices),
    },
    { id: 'leased', label: 'units out now', value: formatCount(job.leased) },
    { id: 'checked', label: 'units checked', value: formatCount(job.checked) },
    { id: 'mismatched', label: 'mismatched', value: formatCount(job.mismatched) },
    ...(job.failed === 0
      ? []
      : [{ id: 'failed', label: 'items failed', value: formatCount(job.failed) }]),
    { id: 'requeued', label: 'units re-queued', value: formatCount(job.requeued) },
    ...(job.unitPrice === '0'
      ? []
      : [{ id: 'cost', label: describeBudget(job), value: formatSol(costOf(job)) }]),
  ];
}
