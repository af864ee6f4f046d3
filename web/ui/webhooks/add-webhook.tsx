import { t } from '@lingui/core/macro';
import { useState } from 'preact/hooks';
import { type NewWebhook, WEBHOOK_EVENTS, type WebhookEvent } from '#protocol/api/webhooks.ts';
import { refuse } from '#protocol/values/refusal.ts';
import { toggleEvent } from '../../core/webhook-view.ts';
import type { DashboardActions } from '../dashboard/actions.ts';
import { Refused } from '../dashboard/refused.tsx';
import { useAction } from '../use-answer.ts';

/** The form for a new webhook: an address, and which events go there. */
export function AddWebhook(props: {
  developerKey: string;
  actions: Pick<DashboardActions, 'addWebhook'>;
  onMade(webhook: NewWebhook): Promise<void>;
}) {
  const { developerKey, actions, onMade } = props;
  const [url, setUrl] = useState('');
  const [events, setEvents] = useState<WebhookEvent[]>([...WEBHOOK_EVENTS]);
  const { busy, refusal, act } = useAction();
  const submit = async (event: Event) => {
    event.preventDefault();
    const made = await act(async () =>
      events.length === 0
        ? refuse('request-invalid', t`Choose one event at least.`, 'events')
        : actions.addWebhook(developerKey, { url: url.trim(), events }),
    );
    if (made === undefined) return;
    setUrl('');
    await onMade(made);
  };
  return (
    <section class="card" aria-labelledby="add-webhook-title">
      <h2 id="add-webhook-title">{t`Add a webhook`}</h2>
      <form class="stack" onSubmit={submit} noValidate>
        <div class="stack">
          <label for="webhook-url">{t`Address`}</label>
          <input
            id="webhook-url"
            class="text-input"
            type="url"
            autocomplete="off"
            placeholder="https://example.com/events"
            value={url}
            onInput={(event) => setUrl(event.currentTarget.value)}
          />
        </div>
        <fieldset class="events">
          <legend>{t`Events`}</legend>
          {WEBHOOK_EVENTS.map((name) => (
            <label key={name} class="row">
              <span>{name}</span>
              <input
                type="checkbox"
                class="switch"
                checked={events.includes(name)}
                onChange={() => setEvents(toggleEvent(events, name))}
              />
            </label>
          ))}
        </fieldset>
        {refusal === undefined ? null : <Refused refusal={refusal} />}
        <button type="submit" class="button button-main" disabled={busy} data-testid="add-webhook">
          {busy ? t`Adding it…` : t`Add the webhook`}
        </button>
      </form>
    </section>
  );
}
