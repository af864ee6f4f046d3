import type { ComponentChildren } from 'preact';
import type { Refusal } from '#protocol/values/refusal.ts';
import { Refused } from '../dashboard/refused.tsx';

interface PlanFormProps {
  class?: string;
  /** The plan that `children` show is there: it can be agreed to. */
  isReady: boolean;
  isBusy: boolean;
  refusal: Refusal | undefined;
  /** The button's words, its words while it works, and its test id. */
  button: { label: string; busy: string; testId: string };
  onSubmit(): void;
  children: ComponentChildren;
}

/** What a transaction will do with one's money, line by line, and the button that agrees to it. */
export function PlanForm(props: PlanFormProps) {
  const { isReady, isBusy, refusal, button, onSubmit, children } = props;
  return (
    <div class={props.class ?? 'stack'}>
      {isReady ? children : null}
      {refusal === undefined ? null : <Refused refusal={refusal} />}
      <div class="buttons">
        <button
          type="button"
          class="button button-main"
          disabled={isBusy || !isReady}
          onClick={onSubmit}
          data-testid={button.testId}
        >
          {isBusy ? button.busy : button.label}
        </button>
      </div>
    </div>
  );
}
