import { plural, t } from '@lingui/core/macro';
import type { JobView } from '#protocol/api/job.ts';
import { formatCount, formatMillis, formatSentence, formatShare } from './format.ts';
import { jobFraction } from './job-view.ts';
import { sayReason } from './language.ts';

/** How far a run of the playground is. */
export type RunState =
  | { step: 'sending'; share: number }
  /** Of an answer that comes in one piece. */
  | { step: 'asked'; texts: number }
  | { step: 'job'; job: JobView };

/** What a run is at, as a bar with its words. */
export function viewRun(
  state: RunState,
  elapsedMs: number,
): { name: string; share: number; label: string; note?: string } {
  const time = formatMillis(Math.floor(elapsedMs / 1000) * 1000);
  switch (state.step) {
    case 'sending':
      return { name: t`Sending`, share: state.share, label: formatShare(state.share) };
    case 'asked':
      return {
        ...{ name: t`A device computes`, share: 0 },
        label: `${plural(state.texts, { one: '# text', other: '# texts' })}, ${time}`,
      };
    case 'job': {
      const { job } = state;
      const note = formatSentence(sayReason(job.reason));
      const units = t`${formatCount(job.accepted)} of ${plural(job.units, { one: '# unit', other: '# units' })}`;
      return job.state === 'checking'
        ? { name: t`A verifier tries the model`, share: 0, label: time, note }
        : { name: t`Devices compute`, share: jobFraction(job), label: `${units}, ${time}`, note };
    }
  }
}
