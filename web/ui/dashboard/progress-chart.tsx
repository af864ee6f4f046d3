import { plural, t } from '@lingui/core/macro';
import { useEffect, useRef } from 'preact/hooks';
import type { JobView } from '#protocol/api/job.ts';
import { formatCount } from '../../core/format.ts';
import type { Series } from '../../core/series.ts';
import type { DashboardActions } from './actions.ts';

/** Units accepted and devices at work over time. The figures below it say the same in words. */
export function ProgressChart(props: { series: Series; job: JobView; actions: DashboardActions }) {
  const { series, job, actions } = props;
  const frame = useRef<HTMLDivElement>(null);
  const chart = useRef<Awaited<ReturnType<DashboardActions['openChart']>> | undefined>(undefined);
  const newest = useRef(series);
  newest.current = series;

  useEffect(() => {
    let gone = false;
    const element = frame.current;
    if (element === null) return undefined;
    actions.openChart(element, { accepted: t`units accepted`, devices: t`devices at work` }).then(
      (opened) => {
        if (gone) return opened.close();
        chart.current = opened;
        opened.show(newest.current);
      },
      // Offline: the figures say it all, the curve comes with the next visit.
      () => undefined,
    );
    return () => {
      gone = true;
      chart.current?.close();
      chart.current = undefined;
    };
  }, [actions]);
  useEffect(() => chart.current?.show(series), [series]);

  const summary = t`${formatCount(job.accepted)} of ${plural(job.units, { one: '# unit', other: '# units' })} accepted, ${plural(job.devices, { one: '# device', other: '# devices' })} at work`;
  return (
    <figure>
      <div
        class="chart"
        ref={frame}
        role="img"
        aria-label={t`Chart over time: ${summary}.`}
        data-testid="chart"
      />
      <figcaption class="legend small soft">
        <span class="legend-accepted">{t`units accepted`}</span>
        <span class="legend-devices">{t`devices at work`}</span>
      </figcaption>
    </figure>
  );
}
