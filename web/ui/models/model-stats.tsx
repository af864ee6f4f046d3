import { msg, t } from '@lingui/core/macro';
import type { ModelStats } from '#protocol/api/model-stats.ts';
import { say } from '../../core/language.ts';
import { describeTrust, nameClass, viewSpeed } from '../../core/model-stats-view.ts';

const COLUMNS = [msg`Devices`, msg`Online`, msg`Items/s`, msg`Range`];

/** How fast devices online compute a model, by their class, and what checks of its jobs found. */
export function ModelStatsTable({ stats }: { stats: ModelStats }) {
  const [, ...others] = COLUMNS;
  return (
    <div class="model-stats" data-testid="model-stats">
      <p class="small" data-testid="model-trust">
        {describeTrust(stats.trust)}
      </p>
      {stats.classes.length === 0 ? (
        <p class="soft small">
          {t`No device online is set up for it, so no speed is measured now.`}
        </p>
      ) : (
        <table class="class-table">
          <caption class="hidden-words">{t`Speed of ${stats.model} by class of devices`}</caption>
          <thead>
            <tr>
              {COLUMNS.map((name) => (
                <th key={name.id} scope="col">
                  {say(name)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {stats.classes.map((each) => {
              const { devices, median, range } = viewSpeed(each);
              return (
                <tr key={nameClass(each)} data-testid="class-speed">
                  <th scope="row">{nameClass(each)}</th>
                  {[devices, median, range].map((text, column) => (
                    <td key={others[column]?.id} class="number">
                      {text}
                    </td>
                  ))}
                </tr>
              );
            })}
          </tbody>
        </table>
      )}
    </div>
  );
}
