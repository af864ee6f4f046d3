import { plural, t } from '@lingui/core/macro';
import type { GridView } from '#protocol/api/grid-view.ts';
import { formatCount, formatId, formatMillis, formatSentence } from '../../core/format.ts';
import { sayReason } from '../../core/language.ts';
import { nameProvider } from '../../core/trial-view.ts';

const SHOWN = 12;

/** New devices begin in turn: says so while some of them wait. */
function describeLine(newcomers: GridView['newcomers']): string {
  if (newcomers === undefined || newcomers.waiting === 0) return '';
  const { waiting, unitsEach } = newcomers;
  const line = t`${plural(waiting, { one: '# new device', other: '# new devices' })} in line: one more begins for each ${plural(unitsEach, { one: '# unit', other: '# units' })} of 100 ms done.`;
  return ` ${line}`;
}

/** Devices and verifiers online, and why a device that has no work has none. */
export function GridPanel({ grid }: { grid: GridView | undefined }) {
  if (grid === undefined) return null;
  const rest = grid.devices.length - SHOWN;
  return (
    <section class="card" aria-labelledby="grid-title" data-testid="grid">
      <h2 id="grid-title">{t`Online now`}</h2>
      {grid.trouble === undefined ? null : (
        <p class="note note-bad" role="alert" data-testid="trouble">
          {t`The hub cannot write to its disk and gives out no work until it can: ${grid.trouble.message}`}
        </p>
      )}
      <p class="soft">
        {t`${plural(grid.devices.length, { one: '# device', other: '# devices' })}, ${plural(grid.verifiers.length, { one: '# verifier', other: '# verifiers' })}, ${plural(grid.jobsRunning, { one: '# running job', other: '# running jobs' })}, ${formatCount(grid.unitsAccepted)} units done so far.`}
        {describeLine(grid.newcomers)}
      </p>
      {grid.devices.length === 0 ? (
        <p class="soft">
          {t`No device is online. Open the first page on a phone and tap Start, and it appears here.`}
        </p>
      ) : (
        <ul class="devices">
          {grid.devices.slice(0, SHOWN).map((device) => (
            <li key={device.key}>
              <i class={device.job === undefined ? 'dot' : 'dot dot-live'} />
              <span>
                <code>{formatId(device.key)}</code> {device.engine}
                <span class="soft small block">
                  {device.provider === undefined ? null : `${nameProvider(device.provider)}, `}
                  {device.unitMs === undefined
                    ? null
                    : `${t`${formatMillis(device.unitMs)} a unit`}, `}
                  {plural(device.unitsAccepted, {
                    one: '# unit accepted',
                    other: '# units accepted',
                  })}
                  {device.idle === undefined ? '' : `. ${formatSentence(sayReason(device.idle))}`}
                </span>
              </span>
            </li>
          ))}
        </ul>
      )}
      {rest > 0 ? (
        <p class="soft small">
          {t`and ${plural(rest, { one: '# more device', other: '# more devices' })}.`}
        </p>
      ) : null}
    </section>
  );
}
