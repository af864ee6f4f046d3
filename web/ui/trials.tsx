import { t } from '@lingui/core/macro';
import type { TrialRow } from '../core/trial-view.ts';

/** The admission of this device: each provider, how fast, which one won, or why not. */
export function Trials(props: { rows: readonly TrialRow[]; chosen: string | undefined }) {
  const { rows, chosen } = props;
  return (
    <section class="card" aria-labelledby="trials-title" data-testid="trials">
      <h2 id="trials-title">{t`How this device computes best`}</h2>
      <p class="soft small">
        {chosen === undefined
          ? t`No way of computing passed its test on this model.`
          : t`${chosen} was right and the fastest on this model. Time for one unit, shorter is better:`}
      </p>
      <ul class="trials">
        {rows.map((row, index) => (
          <li key={index} class={row.chosen ? 'is-chosen' : row.fit ? '' : 'is-out'}>
            <div class="meter-words">
              <strong>{row.provider}</strong>
              <span class="number">{row.time ?? row.outcome}</span>
            </div>
            <div class="meter-track" aria-hidden="true">
              <i class="meter-fill" style={{ inlineSize: `${row.length * 100}%` }} />
            </div>
            <p class="soft small">
              {row.chosen ? (
                <span class="chip chip-good">{t`chosen`}</span>
              ) : (
                <span class="chip">{row.outcome}</span>
              )}{' '}
              {row.reason}
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
}
