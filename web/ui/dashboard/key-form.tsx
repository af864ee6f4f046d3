import { useState } from 'preact/hooks';
import type { Refusal } from '#protocol/values/refusal.ts';
import { decodeDeveloperKey } from '../../core/developer-key.ts';
import type { DashboardActions } from './actions.ts';
import { Refused } from './refused.tsx';

/** Asks for the developer's key once, and tries it before it is kept. */
export function KeyForm({
  onKey,
  actions,
}: {
  onKey(key: string): void;
  actions: DashboardActions;
}) {
  const [text, setText] = useState('');
  const [refusal, setRefusal] = useState<Refusal | undefined>(undefined);
  const [busy, setBusy] = useState(false);

  const submit = async (event: Event) => {
    event.preventDefault();
    const key = decodeDeveloperKey(text);
    if (!key.ok) return setRefusal(key.refusal);
    setBusy(true);
    const answer = await actions.fetchJobs(key.value);
    setBusy(false);
    if (answer.ok) onKey(key.value);
    else setRefusal(answer.refusal);
  };

  return (
    <section class="card key-card">
      <h1>Post work to the grid</h1>
      <p class="soft">
        Upload a model and its inputs, see what it takes, and get every result in order, with a
        random sample computed again by a verifier. The hub printed a developer key when it first
        started; paste it here once. It stays in this browser.
      </p>
      <form onSubmit={submit} class="stack" noValidate>
        <label for="developer-key">Developer key</label>
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
          {busy ? 'Trying the key…' : 'Open the dashboard'}
        </button>
      </form>
    </section>
  );
}
