import { t } from '@lingui/core/macro';
import type { Signal } from '@preact/signals';
import type { JobId } from '#protocol/values/ids.ts';
import { gives, type Settings, switchJob } from '../../core/settings.ts';

/** Gives pay away: of the job at work, or of every job. What was earned before stays. */
export function Donate(props: { settings: Signal<Settings>; job: JobId | undefined }) {
  const { settings, job } = props;
  const { donates } = settings.value;
  const change = (next: Settings['donates']) => {
    settings.value = { ...settings.value, donates: next };
  };
  return (
    <div class="stack">
      <label class="row">
        <span>
          {t`Give my pay away`}
          <span class="soft small block">
            {t`Work from now on earns nothing, and its price goes back to who posted the job.`}
          </span>
        </span>
        <input
          type="checkbox"
          class="switch"
          checked={donates === 'all'}
          onChange={(event) => change(event.currentTarget.checked ? 'all' : 'none')}
          data-testid="donate-all"
        />
      </label>
      {job === undefined || donates === 'all' ? null : (
        <label class="row">
          <span>{t`Give away this job’s pay alone`}</span>
          <input
            type="checkbox"
            class="switch"
            checked={gives(donates, job)}
            onChange={(event) => change(switchJob(donates, job, event.currentTarget.checked))}
            data-testid="donate-job"
          />
        </label>
      )}
    </div>
  );
}
