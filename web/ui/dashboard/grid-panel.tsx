import type { GridView } from '#protocol/api/grid-view.ts';
import { describeReason } from '#protocol/api/sentences.ts';
import {
  formatCount,
  formatId,
  formatMillis,
  formatNoun,
  formatSentence,
} from '../../core/format.ts';
import { nameProvider } from '../../core/trial-view.ts';

const SHOWN = 12;

/** New devices begin in turn: says so while some of them wait. */
function describeLine(newcomers: GridView['newcomers']): string {
  if (newcomers === undefined || newcomers.waiting === 0) return '';
  const { waiting, unitsEach } = newcomers;
  return ` ${formatNoun(waiting, 'new device')} in line: one more begins for each ${formatNoun(unitsEach, 'unit')} of 100 ms done.`;
}

/** Devices and verifiers online, and why a device that has no work has none. */
export function GridPanel({ grid }: { grid: GridView | undefined }) {
  if (grid === undefined) return null;
  const rest = grid.devices.length - SHOWN;
  return (
    <section class="card" aria-labelledby="grid-title" data-testid="grid">
      <h2 id="grid-title">Online now</h2>
      {grid.trouble === undefined ? null : (
        <p class="note note-bad" role="alert" data-testid="trouble">
          The hub cannot write to its disk and gives out no work until it can:{' '}
          {grid.trouble.message}
        </p>
      )}
      <p class="soft">
        {formatNoun(grid.devices.length, 'device')}, {formatNoun(grid.verifiers.length, 'verifier')}
        , {formatNoun(grid.jobsRunning, 'running job')}, {formatCount(grid.unitsAccepted)} units
        done so far.
        {describeLine(grid.newcomers)}
      </p>
      {grid.devices.length === 0 ? (
        <p class="soft">
          No device is online. Open the first page on a phone and tap Start, and it appears here.
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
                  {device.unitMs === undefined ? null : `${formatMillis(device.unitMs)} a unit, `}
                  {formatNoun(device.unitsAccepted, 'unit')} accepted
                  {device.idle === undefined
                    ? ''
                    : `. ${formatSentence(describeReason(device.idle))}`}
                </span>
              </span>
            </li>
          ))}
        </ul>
      )}
      {rest > 0 ? <p class="soft small">and {formatNoun(rest, 'more device')}.</p> : null}
    </section>
  );
}
