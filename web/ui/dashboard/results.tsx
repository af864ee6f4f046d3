import { t } from '@lingui/core/macro';
import { formatInstant } from '../../core/format.ts';
import { hasResults } from '../../core/job-view.ts';
import { isSampleJob } from '../../core/sample.ts';
import type { JobProps } from './actions.ts';
import { Downloads } from './downloads.tsx';
import { ResultTable } from './result-table.tsx';
import { SampleResults } from './sample-results.tsx';

/** Longer results are not read whole, even where their truth is known. */
const WHOLE_ITEMS_MAX = 5_000;

/** What came out: a table of all items, what it means where that is known, and files to keep. */
export function Results({ job, request, actions }: JobProps) {
  const isWhole = hasResults(job);
  const isKnown = isWhole && isSampleJob(job) && job.items <= WHOLE_ITEMS_MAX;
  return (
    <section class="card" aria-labelledby="results-title" data-testid="results">
      <h2 id="results-title">{isWhole ? t`Results` : t`Results so far`}</h2>
      {job.removedAt === undefined ? (
        <>
          {isKnown ? <SampleResults job={job} request={request} actions={actions} /> : null}
          <ResultTable job={job} request={request} actions={actions} />
          {isWhole ? (
            <Downloads job={job} request={request} actions={actions} />
          ) : (
            <p class="soft small">
              {t`New rows come as devices compute them; files can be saved at the end.`}
            </p>
          )}
        </>
      ) : (
        <p class="soft">{t`Inputs and results were removed ${formatInstant(job.removedAt)}.`}</p>
      )}
      {job.keptUntil === undefined || job.removedAt !== undefined ? null : (
        <p class="soft small">
          {t`Inputs and results are kept until ${formatInstant(job.keptUntil)}.`}
        </p>
      )}
    </section>
  );
}
