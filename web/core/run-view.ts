import type { JobView } from '#protocol/api/job.ts';
import { describeReason } from '#protocol/api/sentences.ts';
import { formatCount, formatMillis, formatNoun, formatSentence, formatShare } from './format.ts';
import { jobFraction } from './job-view.ts';

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
      return { name: 'Sending', share: state.share, label: formatShare(state.share) };
    case 'asked':
      return {
        ...{ name: 'A device computes', share: 0 },
        label: `${formatNoun(state.texts, 'text')}, ${time}`,
      };
    case 'job': {
      const { job } = state;
      const note = formatSentence(describeReason(job.reason));
      const units = `${formatCount(job.accepted)} of ${formatNoun(job.units, 'unit')}`;
      return job.state === 'checking'
        ? { name: 'A verifier tries the model', share: 0, label: time, note }
        : { name: 'Devices compute', share: jobFraction(job), label: `${units}, ${time}`, note };
    }
  }
}
