import { t } from '@lingui/core/macro';
import type { BanWords } from '../core/ban-view.ts';

/** What a banned device may do: save the evidence against it, for others to replay. */
export function Ban(props: { words: BanWords; asking: boolean; onSave(): void }) {
  const { words, asking, onSave } = props;
  const { text, action, outcome } = words;
  return (
    <div class="ban" data-testid="ban">
      <p>
        <span class="chip chip-bad">{t`banned`}</span> <span>{text}</span>
      </p>
      <button
        type="button"
        class="button"
        disabled={asking}
        onClick={onSave}
        data-testid="save-evidence"
      >
        {action}
      </button>
      {outcome === undefined ? null : (
        <p
          class={outcome.bad ? 'ban-refused' : 'soft small'}
          role={outcome.bad ? 'alert' : 'status'}
          data-testid="evidence-outcome"
        >
          {outcome.text}
        </p>
      )}
    </div>
  );
}
