import { t } from '@lingui/core/macro';
import { useState } from 'preact/hooks';

/** A button for what cannot be taken back: it asks once more. */
export function TwoStep(props: {
  label: string;
  /** Says what it is about to those who hear it alone. */
  name: string;
  sure: string;
  busy: boolean;
  onSure(): void;
}) {
  const [isAsking, setAsking] = useState(false);
  if (!isAsking) {
    return (
      <button
        type="button"
        class="button button-quiet"
        aria-label={props.name}
        onClick={() => setAsking(true)}
      >
        {props.label}
      </button>
    );
  }
  return (
    <span class="buttons">
      <button type="button" class="button" disabled={props.busy} onClick={props.onSure}>
        {props.sure}
      </button>
      <button type="button" class="button button-quiet" onClick={() => setAsking(false)}>
        {t`No`}
      </button>
    </span>
  );
}
