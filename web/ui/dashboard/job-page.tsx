import { plural, t } from '@lingui/core/macro';
import { useEffect, useState } from 'preact/hooks';
import type { JobView } from '#protocol/api/job.ts';
import type { Refusal } from '#protocol/values/refusal.ts';
import { formatAgo, formatMillis, formatSentence, formatShare } from '../../core/format.ts';
import {
  describeState,
  describeStragglers,
  isEnded,
  jobDurationMs,
  jobFraction,
  readableItems,
  viewCounters,
  viewQuote,
} from '../../core/job-view.ts';
import { sayDeveloper, sayReason, sayReasons } from '../../core/language.ts';
import { addSample, SERIES_EMPTY, type Series } from '../../core/series.ts';
import { Meter } from '../meter.tsx';
import { JobMoney } from '../money/job-money.tsx';
import { useAction } from '../use-answer.ts';
import type { DashboardActions, JobProps, KeyedRequest } from './actions.ts';
import { AtWork } from './at-work.tsx';
import { ProgressChart } from './progress-chart.tsx';
import { Receipts } from './receipts.tsx';
import { Refused } from './refused.tsx';
import { Results } from './results.tsx';

interface Following {
  job?: JobView;
  at: number;
  series: Series;
  lost: boolean;
  refusal?: Refusal;
}

const NOT_HEARD: Following = { at: 0, series: SERIES_EMPTY, lost: false };

/** Follows a job's events for as long as the page shows it. */
function useJob({ key, job: id }: KeyedRequest, actions: DashboardActions) {
  const [following, setFollowing] = useState<Following>(NOT_HEARD);
  useEffect(() => {
    const watch = actions.watchJob(
      { key, job: id },
      {
        onEvent: ({ at, job }) =>
          setFollowing(({ series }) => ({
            job,
            at,
            lost: false,
            series:
              job.startedAt === undefined
                ? series
                : addSample(begin(series, job), { ...job, at: job.endedAt ?? at }),
          })),
        onLost: () => setFollowing((now) => ({ ...now, lost: true })),
        onRefused: (refusal) => setFollowing((now) => ({ ...now, refusal })),
      },
    );
    return () => watch.close();
  }, [actions, key, id]);
  // What the hub has answered to this page may be newer than the last event.
  const show = (job: JobView) => setFollowing((now) => ({ ...now, job }));
  return { ...following, show };
}

/** The curve starts at the job's own start, however late somebody looks. */
const begin = (series: Series, { startedAt }: JobView): Series =>
  series.seconds.length > 0 || startedAt === undefined
    ? series
    : addSample(series, { at: startedAt, accepted: 0, devices: 0 });

/** One job: its quote and start, then its progress live, then its results. */
export function JobPage(props: {
  request: KeyedRequest;
  actions: DashboardActions;
  onWrongKey(): void;
}) {
  const { request, actions } = props;
  const { job, at, series, lost, refusal, show } = useJob(request, actions);
  // A new state is news, a new reason is not: the effect follows the state only.
  const spoken = job && `${job.name}: ${describeState(job.state).label}. ${sayReason(job.reason)}`;
  const state = job?.state;
  useEffect(() => {
    if (spoken !== undefined) actions.say(spoken);
  }, [actions, state]);
  if (refusal !== undefined) {
    return (
      <Refused refusal={refusal}>
        {refusal.code === 'key-wrong' ? (
          <button type="button" class="button" onClick={props.onWrongKey}>
            {t`Enter another key`}
          </button>
        ) : (
          <a class="button" href="/dashboard">
            {t`All jobs`}
          </a>
        )}
      </Refused>
    );
  }
  if (job === undefined) {
    return (
      <p class="soft">{lost ? t`The hub does not answer. Trying again…` : t`Asking the hub…`}</p>
    );
  }
  const { label, tone } = describeState(job.state);
  const duration = jobDurationMs(job, at);
  const by = sayDeveloper({ developerName: job.postedBy });
  return (
    <div class="dashboard">
      <header class="job-head">
        <a href="/dashboard" class="back">
          {t`← All jobs`}
        </a>
        <h1>{job.name}</h1>
        <p class="job-state">
          <span class={`chip chip-${tone}`} data-testid="state" data-state={job.state}>
            {label}
          </span>{' '}
          <span data-testid="state-reason">{formatSentence(sayReason(job.reason))}</span>
        </p>
        <p class="soft small">
          <code>{job.id}</code>
          {job.model === undefined ? '' : ` · ${job.model}`} ·{' '}
          {t`${plural(job.items, { one: '# item', other: '# items' })} in ${plural(job.units, { one: '# unit', other: '# units' })} of ${job.unitItems}`}{' '}
          · {t`posted ${formatAgo(job.createdAt, at)}`}
          {duration === undefined ? '' : ` · ${t`ran ${formatMillis(duration)}`}`}
        </p>
        <p class="soft small" data-testid="purpose">
          {t`Contributors read: ${job.purpose}. Posted by ${by}.`}
        </p>
      </header>
      {lost ? (
        <p class="note note-warn">{t`The live view lost the hub and is connecting again.`}</p>
      ) : null}
      {job.refusal === undefined ? null : <Refused refusal={job.refusal} />}
      <Decision job={job} request={request} actions={actions} />
      <JobMoney job={job} developerKey={request.key} actions={actions.money} onFunded={show} />
      {job.startedAt === undefined ? null : (
        <Progress job={job} at={at} series={series} actions={actions} />
      )}
      {readableItems(job) > 0 ? <Results job={job} request={request} actions={actions} /> : null}
      {job.accepted > 0 ? <Receipts job={job} request={request} actions={actions} /> : null}
    </div>
  );
}

function Decision({ job, request, actions }: JobProps) {
  const { busy, refusal, act } = useAction();
  if (isEnded(job.state) && refusal === undefined) return null;
  const quoted = job.state === 'quoted';
  const isFunded = job.unitPrice === '0' || job.funding !== undefined;
  return (
    <section class={quoted ? 'card' : 'actions-only'} aria-label={quoted ? t`Quote` : t`Actions`}>
      {quoted && job.quote !== undefined ? (
        <>
          <h2>{t`The quote`}</h2>
          <dl class="quote" data-testid="quote">
            {viewQuote(job.quote).map(({ label, value, note }) => (
              <div key={label}>
                <dt>{label}</dt>
                <dd>
                  <strong>{value}</strong>
                  {note === undefined ? null : <span class="soft small block">{note}</span>}
                </dd>
              </div>
            ))}
          </dl>
          <p class="soft small">{formatSentence(sayReasons(job.quote.notes))}</p>
        </>
      ) : null}
      {refusal === undefined ? null : <Refused refusal={refusal} />}
      <div class="buttons">
        {quoted && isFunded ? (
          <button
            type="button"
            class="button button-main"
            disabled={busy}
            onClick={() => act(() => actions.startJob(request))}
            data-testid="start-job"
          >
            {t`Start the job`}
          </button>
        ) : null}
        {isEnded(job.state) ? null : (
          <button
            type="button"
            class="button"
            disabled={busy}
            onClick={() => act(() => actions.cancelJob(request))}
            data-testid="cancel-job"
          >
            {quoted ? t`Discard` : t`Cancel the job`}
          </button>
        )}
      </div>
    </section>
  );
}

function Progress(props: { job: JobView; at: number; series: Series; actions: DashboardActions }) {
  const { job, at, series, actions } = props;
  const stragglers = describeStragglers(job, at);
  return (
    <section class="card" aria-labelledby="progress-title">
      <h2 id="progress-title">{t`Progress`}</h2>
      <Meter
        id="job-progress"
        name={t`Units accepted`}
        share={jobFraction(job)}
        label={formatShare(jobFraction(job), 1)}
      />
      {isEnded(job.state) && series.seconds.length <= 2 ? (
        <p class="soft small">
          {t`A curve of its progress is drawn while somebody watches it run.`}
        </p>
      ) : (
        <ProgressChart series={series} job={job} actions={actions} />
      )}
      <dl class="counters">
        {viewCounters(job).map(({ id, label, value }) => (
          <div key={id} class={id === 'mismatched' && job.mismatched > 0 ? 'is-bad' : ''}>
            <dd class="number" data-testid={`job-${id}`}>
              {value}
            </dd>
            <dt class="soft small">{label}</dt>
          </div>
        ))}
      </dl>
      {stragglers === undefined ? null : (
        <p class="note note-warn small" data-testid="stragglers">
          {t`${stragglers} Another device is given the same where one is idle.`}
        </p>
      )}
      {job.state === 'running' ? <AtWork job={job} actions={actions} /> : null}
    </section>
  );
}
