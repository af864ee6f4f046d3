import { plural, t } from '@lingui/core/macro';
import type { JobView } from '#protocol/api/job.ts';
import { formatId, formatMillis } from '../../core/format.ts';
import { slowestFirst } from '../../core/job-view.ts';
import { nameProvider } from '../../core/trial-view.ts';
import { useAnswer } from '../use-answer.ts';
import type { DashboardActions } from './actions.ts';

const REFRESH_MS = 4_000;
const SHOWN = 5;

/** Devices that compute a job now, the slowest first: the job waits for these longest. */
export function AtWork({ job, actions }: { job: JobView; actions: DashboardActions }) {
  const { value: grid } = useAnswer(actions.fetchGrid, REFRESH_MS);
  const devices = slowestFirst(grid?.devices ?? [], job.id);
  if (devices.length === 0) return null;
  return (
    <div class="stack" data-testid="at-work">
      <h3>{t`At work on it, the slowest first`}</h3>
      <ul class="devices">
        {devices.slice(0, SHOWN).map((device) => (
          <li key={device.key}>
            <i class="dot dot-live" />
            <span>
              <code>{formatId(device.key)}</code> {device.engine}
              <span class="soft small block">
                {device.provider === undefined ? '' : `${nameProvider(device.provider)}, `}
                {device.unitMs === undefined
                  ? t`speed not known`
                  : t`${formatMillis(device.unitMs)} a unit`}
              </span>
            </span>
          </li>
        ))}
      </ul>
      {devices.length > SHOWN ? (
        <p class="soft small">
          {t`and ${plural(devices.length - SHOWN, { one: '# faster device', other: '# faster devices' })}.`}
        </p>
      ) : null}
    </div>
  );
}
