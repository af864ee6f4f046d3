import { plural, t } from '@lingui/core/macro';
import { useCallback, useState } from 'preact/hooks';
import type { JobView } from '#protocol/api/job.ts';
import { formatAgo, formatCount, formatInstant, formatShare } from '../../core/format.ts';
import {
  describeCost,
  describeState,
  describeStragglers,
  jobFraction,
} from '../../core/job-view.ts';
import { useAnswer } from '../use-answer.ts';
import type { DashboardActions } from './actions.ts';
import { DeveloperHead } from './developer-head.tsx';
import { GridPanel } from './grid-panel.tsx';
import { PostJob } from './post-job.tsx';

const REFRESH_MS = 4_000;

/** A developer's jobs, the form for a new one, and who is online to compute it. */
export function Dashboard(props: {
  developerKey: string;
  actions: DashboardActions;
  onForget(): void;
}) {
  const { developerKey, actions } = props;
  const [before, setBefore] = useState<number | undefined>();
  const [named, setNamed] = useState('');
  const list = useCallback(
    () => actions.fetchJobs(developerKey, { before, named }),
    [actions, developerKey, before, named],
  );
  const find = (name: string) => {
    setBefore(undefined);
    setNamed(name.trim());
  };
  const { value: page, refusal } = useAnswer(list, REFRESH_MS);
  const { value: grid } = useAnswer(actions.fetchGrid, REFRESH_MS);
  return (
    <div class="dashboard">
      <DeveloperHead page="dashboard" refusal={refusal} onForget={props.onForget} />
      <div class="columns">
        <div class="column">
          <section class="card" aria-labelledby="jobs-title">
            <h2 id="jobs-title">{t`Jobs`}</h2>
            <JobSearch find={find} />
            <JobList jobs={page?.jobs} named={named} />
            <Paging before={before} next={page?.next} show={setBefore} />
          </section>
          <GridPanel grid={grid} />
        </div>
        <PostJob developerKey={developerKey} actions={actions} />
      </div>
    </div>
  );
}

function Paging(props: {
  before: number | undefined;
  next: number | undefined;
  show(before: number | undefined): void;
}) {
  const { before, next, show } = props;
  if (before === undefined && next === undefined) return null;
  return (
    <div class="buttons">
      {before === undefined ? null : (
        <button type="button" class="button" onClick={() => show(undefined)}>
          {t`Newest jobs`}
        </button>
      )}
      {next === undefined ? null : (
        <button type="button" class="button" onClick={() => show(next)}>
          {t`Older jobs`}
        </button>
      )}
    </div>
  );
}

/** What a job costs so far, and which of its units wait for late devices. */
function JobNotes({ job, now }: { job: JobView; now: number }) {
  const cost = describeCost(job);
  const stragglers = describeStragglers(job, now);
  return (
    <>
      {cost === undefined ? null : (
        <span class="soft small number" data-testid="job-cost">
          {cost}
        </span>
      )}
      {stragglers === undefined ? null : <span class="small">{stragglers}</span>}
    </>
  );
}

/** Finds jobs by their names, on Enter or when the field is left. */
function JobSearch({ find }: { find(name: string): void }) {
  return (
    <search class="job-search">
      <input
        type="search"
        class="text-input"
        aria-label={t`Find jobs by name`}
        placeholder={t`Find by name`}
        maxLength={200}
        onChange={({ currentTarget }) => find(currentTarget.value)}
        data-testid="job-search"
      />
    </search>
  );
}

function JobList({ jobs, named }: { jobs: readonly JobView[] | undefined; named: string }) {
  const now = Date.now();
  if (jobs === undefined) return <p class="soft">{t`Asking the hub…`}</p>;
  if (jobs.length === 0) {
    return (
      <p class="soft">
        {named === ''
          ? t`None yet. The sample job takes a minute and needs nothing from you.`
          : t`No job has “${named}” in its name.`}
      </p>
    );
  }
  return (
    <ul class="jobs" data-testid="jobs">
      {jobs.map((job) => {
        const { label, tone } = describeState(job.state);
        return (
          <li key={job.id}>
            <a href={`/dashboard/${job.id}`}>
              <span class="job-name">
                <strong>{job.name}</strong>
                <span class={`chip chip-${tone}`}>{label}</span>
              </span>
              <span class="meter-track" aria-hidden="true">
                <i class="meter-fill" style={{ inlineSize: `${jobFraction(job) * 100}%` }} />
              </span>
              <span class="soft small number">
                {job.units === 0
                  ? ''
                  : `${t`${formatCount(job.accepted)} of ${plural(job.units, { one: '# unit', other: '# units' })} (${formatShare(jobFraction(job))})`} · `}
                {plural(job.items, { one: '# item', other: '# items' })}
              </span>
              <time
                class="soft small"
                dateTime={new Date(job.createdAt).toISOString()}
                title={formatInstant(job.createdAt)}
              >
                {t`posted ${formatAgo(job.createdAt, now)}`}
              </time>
              <JobNotes job={job} now={now} />
            </a>
          </li>
        );
      })}
    </ul>
  );
}
