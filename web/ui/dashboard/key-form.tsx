import { t } from '@lingui/core/macro';
import { useState } from 'preact/hooks';
import { decodeDeveloperKey } from '../../core/developer-key.ts';
import { useAction } from '../use-answer.ts';
import type { DashboardActions } from './actions.ts';
import { Refused } from './refused.tsx';

/** Asks for the developer's key once, and tries it before it is kept. */
export function KeyForm(props: { onKey(key: string): void; actions: DashboardActions }) {
  const { onKey, actions } = props;
  const [text, setText] = useState('');
  const { busy, refusal, act } = useAction();
  const submit = async (event: Event) => {
    event.preventDefault();
    const tried = await act(async () => {
      const key = decodeDeveloperKey(text);
      const answer = key.ok ? await actions.fetchJobs(key.value, {}) : key;
      return answer.ok ? key : answer;
    });
    if (tried !== undefined) onKey(tried);
  };
  return (
    <section class="card key-card">
      <h1>{t`Post work to the grid`}</h1>
      <p class="soft">
        {t`Upload a model and its inputs, see what it takes, and get every result in order, with a random sample computed again by a verifier. The hub’s operator makes keys; paste yours here once. It stays in this browser.`}
      </p>
      <form onSubmit={submit} class="stack" noValidate>
        <label for="developer-key">{t`Developer key`}</label>
        <input
          id="developer-key"
          class="text-input mono"
          type="password"
          autocomplete="off"
          spellcheck={false}
          placeholder="pg_…"
          value={text}
          aria-invalid={refusal !== undefined}
          aria-describedby={refusal === undefined ? undefined : 'key-refusal'}
          onInput={(event) => setText(event.currentTarget.value)}
          data-testid="key-input"
        />
        <div id="key-refusal">{refusal === undefined ? null : <Refused refusal={refusal} />}</div>
        <button type="submit" class="button button-main" disabled={busy} data-testid="key-submit">
          {busy ? t`Trying the key…` : t`Open the dashboard`}
        </button>
      </form>
    </section>
  );
}
