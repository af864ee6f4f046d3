import { t } from '@lingui/core/macro';
import type { ReplayState } from '../../core/replay.ts';
import { isEnd, viewReplay } from '../../core/replay.ts';
import { Meter } from '../meter.tsx';

/** What a replay does now, and what it has shown. */
export function ReplayResult({ state, onCancel }: { state: ReplayState; onCancel(): void }) {
  const view = viewReplay(state);
  const share = state.name === 'fetching' ? state.share : undefined;
  return (
    <div
      class={`replay replay-${view.tone}`}
      role="status"
      data-testid="replay"
      data-state={state.name}
    >
      <p>
        <strong data-testid="replay-title">{view.title}</strong>
        <span class="block" data-testid="replay-reason">
          {view.reason}
        </span>
      </p>
      {share === undefined ? null : (
        <Meter
          id="replay-share"
          name={t`Model`}
          share={share}
          label={`${Math.round(share * 100)} %`}
        />
      )}
      {view.faults.length === 0 ? null : (
        <ul class="faults" data-testid="replay-faults">
          {view.faults.map((fault) => (
            <li key={fault}>{fault}</li>
          ))}
        </ul>
      )}
      {view.facts.length === 0 ? null : (
        <dl class="replay-facts">
          {view.facts.map(({ label, value, digest }) => (
            <div key={label}>
              <dt class="soft small">{label}</dt>
              <dd>{digest === true ? <code data-testid="replay-digest">{value}</code> : value}</dd>
            </div>
          ))}
        </dl>
      )}
      {isEnd(state) ? null : (
        <button type="button" class="button" onClick={onCancel} data-testid="replay-cancel">
          {t`Stop`}
        </button>
      )}
    </div>
  );
}
