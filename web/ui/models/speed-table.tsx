import { plural, t } from '@lingui/core/macro';
import type { ModelStats } from '#protocol/api/model-stats.ts';
import { formatRate } from '../../core/format.ts';
import { compareClasses } from '../../core/speed-matrix.ts';

/** How fast each class of devices computes each model, side by side; it scrolls where it is wide. */
export function SpeedTable({ stats }: { stats: readonly ModelStats[] }) {
  const { models, classes } = compareClasses(stats);
  if (classes.length === 0) return null;
  return (
    <section class="card" aria-labelledby="speeds-title">
      <h2 id="speeds-title">{t`Devices and models`}</h2>
      <p class="soft small">
        {t`Items a second of one device, the one in the middle of its class, as admission and its newest shards measured it.`}
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keys */}
      <section class="scroll speeds" tabIndex={0} aria-label={t`Speeds of device classes by model`}>
        <table class="class-table" data-testid="speed-table">
          <caption class="hidden-words">
            {t`Items a second by class of devices and by model`}
          </caption>
          <thead>
            <tr>
              <th scope="col">{t`Devices online`}</th>
              {models.map((model) => (
                <th key={model} scope="col">
                  {model}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {classes.map(({ name, devices, itemsPerSecond }) => (
              <tr key={name} data-testid="speed-row">
                <th scope="row">
                  {name}
                  <span class="soft small block">
                    {plural(devices, { one: '# device', other: '# devices' })}
                  </span>
                </th>
                {itemsPerSecond.map((speed, at) => (
                  <td key={models[at]} class="number">
                    {speed === undefined ? '–' : formatRate(speed)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </section>
  );
}
