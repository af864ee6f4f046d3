import type { MessageDescriptor } from '@lingui/core';
import { msg, t } from '@lingui/core/macro';
import { useState } from 'preact/hooks';
import { type TaskName, TEXT_TASKS } from '#protocol/tasks/task.ts';
import { say } from '../../core/language.ts';
import {
  ASSURANCES,
  decodeQuoteForm,
  describeAssurance,
  type QuoteChoice,
  type QuoteForm,
  viewChoice,
} from '../../core/quote-view.ts';
import type { DashboardActions } from '../dashboard/actions.ts';
import { Refused } from '../dashboard/refused.tsx';
import { useAction } from '../use-answer.ts';

const FIELDS: readonly { field: keyof QuoteForm; label: MessageDescriptor }[] = [
  { field: 'items', label: msg`Items` },
  { field: 'tokens', label: msg`Longest, in tokens` },
  { field: 'unitPrice', label: msg`Lamports per unit` },
];

/** What a job of a model would cost and take: one slider goes from the soonest to the surest. */
export function CompareQuotes(props: {
  model: string;
  task: TaskName | undefined;
  developerKey: string;
  actions: Pick<DashboardActions, 'compareQuotes'>;
}) {
  const { model, task, developerKey, actions } = props;
  const isText = task !== undefined && TEXT_TASKS.some((each) => each === task);
  const [form, setForm] = useState<QuoteForm>({
    ...{ items: '1000', tokens: isText ? '64' : '', unitPrice: '' },
  });
  const [choices, setChoices] = useState<readonly QuoteChoice[] | undefined>(undefined);
  const { busy, refusal, act } = useAction();
  const submit = async (event: Event) => {
    event.preventDefault();
    const found = await act(async () => {
      const request = decodeQuoteForm(form, { model, task });
      return request.ok ? actions.compareQuotes(developerKey, request.value) : request;
    });
    setChoices(found);
  };
  return (
    <details class="options compare">
      <summary>{t`Compare quotes`}</summary>
      <form class="stack" onSubmit={submit} noValidate>
        <div class="model-fields">
          {FIELDS.filter(({ field }) => field !== 'tokens' || isText).map(({ field, label }) => (
            <div key={field} class="stack">
              <label for={`quote-${field}-${model}`}>{say(label)}</label>
              <input
                id={`quote-${field}-${model}`}
                class="text-input"
                inputMode="numeric"
                autocomplete="off"
                value={form[field]}
                onInput={(event) => setForm({ ...form, [field]: event.currentTarget.value })}
              />
            </div>
          ))}
        </div>
        <button type="submit" class="button" disabled={busy} data-testid="compare-quotes">
          {busy ? t`Asking…` : t`Ask for quotes`}
        </button>
      </form>
      {refusal === undefined ? null : <Refused refusal={refusal} />}
      {choices === undefined ? null : <QuoteSlider model={model} choices={choices} />}
    </details>
  );
}

function QuoteSlider({ model, choices }: { model: string; choices: readonly QuoteChoice[] }) {
  const [at, setAt] = useState(0);
  const choice = choices[at] ?? choices[0];
  if (choice === undefined) return null;
  const { lines, problem } = viewChoice(choice);
  return (
    <div class="stack">
      <label for={`assurance-${model}`}>{t`How sure, how soon`}</label>
      <input
        id={`assurance-${model}`}
        class="slider"
        type="range"
        min="0"
        max={ASSURANCES.length - 1}
        step="1"
        value={at}
        aria-valuetext={`${choice.assurance}: ${describeAssurance(choice.assurance)}`}
        onInput={(event) => setAt(Number(event.currentTarget.value))}
        data-testid="assurance-slider"
      />
      <div class="slider-stops small" aria-hidden="true">
        {ASSURANCES.map((name) => (
          <span key={name} class={name === choice.assurance ? '' : 'soft'}>
            {name}
          </span>
        ))}
      </div>
      <div role="status" data-testid="quote-choice">
        <p>{describeAssurance(choice.assurance)}.</p>
        <dl class="quote">
          {lines.map(({ label, value }) => (
            <div key={label}>
              <dt>{label}</dt>
              <dd>
                <strong>{value}</strong>
              </dd>
            </div>
          ))}
        </dl>
        {problem === undefined ? null : <p class="note note-warn small">{problem}</p>}
      </div>
    </div>
  );
}
