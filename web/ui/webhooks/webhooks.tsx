import { t } from '@lingui/core/macro';
import { useCallback, useState } from 'preact/hooks';
import type { NewWebhook, WebhookView } from '#protocol/api/webhooks.ts';
import { formatInstant } from '../../core/format.ts';
import { describeWebhook } from '../../core/webhook-view.ts';
import type { DashboardActions } from '../dashboard/actions.ts';
import { DeveloperHead } from '../dashboard/developer-head.tsx';
import { Refused } from '../dashboard/refused.tsx';
import { TwoStep } from '../dashboard/two-step.tsx';
import { Trans } from '../trans.tsx';
import { useAction, useAnswer } from '../use-answer.ts';
import { AddWebhook } from './add-webhook.tsx';
import { Deliveries } from './deliveries.tsx';
import './webhooks.css';

/** Webhooks of a key: where they go, what was sent, and how to add and remove one. */
export function Webhooks(props: {
  developerKey: string;
  actions: DashboardActions;
  onForget(): void;
}) {
  const { developerKey, actions, onForget } = props;
  const ask = useCallback(() => actions.fetchWebhooks(developerKey), [actions, developerKey]);
  const { value: list, refusal, again } = useAnswer(ask);
  const [made, setMade] = useState<NewWebhook | undefined>(undefined);
  const show = async (webhook: NewWebhook) => {
    setMade(webhook);
    await again();
  };
  return (
    <div class="dashboard">
      <DeveloperHead page="webhooks" refusal={refusal} onForget={onForget} />
      <div class="columns list-first">
        <section class="card" aria-labelledby="webhooks-title">
          <h2 id="webhooks-title">{t`Where events are posted`}</h2>
          {list === undefined && refusal === undefined ? (
            <p class="soft">{t`Asking the hub…`}</p>
          ) : null}
          {list?.webhooks.length === 0 ? <p class="soft">{t`None yet.`}</p> : null}
          <ul class="webhooks" data-testid="webhooks">
            {list?.webhooks.toReversed().map((webhook) => (
              <OneWebhook
                key={webhook.id}
                webhook={webhook}
                developerKey={developerKey}
                actions={actions}
                onRemoved={again}
              />
            ))}
          </ul>
        </section>
        <div class="column">
          <AddWebhook developerKey={developerKey} actions={actions} onMade={show} />
          {made === undefined ? null : <Secret made={made} />}
        </div>
      </div>
    </div>
  );
}

function Secret({ made }: { made: NewWebhook }) {
  return (
    <section class="card" role="status" data-testid="webhook-secret">
      <h2>{t`The secret of this webhook`}</h2>
      <p>
        <Trans>
          Copy it now: it is shown this once. It signs what is sent to <code>{made.url}</code>, by
          the rules of Standard Webhooks.
        </Trans>
      </p>
      <code class="made-secret">{made.secret}</code>
    </section>
  );
}

function OneWebhook(props: {
  webhook: WebhookView;
  developerKey: string;
  actions: DashboardActions;
  onRemoved(): Promise<void>;
}) {
  const { webhook, developerKey, actions } = props;
  const { busy, refusal, act } = useAction();
  const [sent, setSent] = useState(0);
  const remove = async () => {
    const gone = await act(() => actions.removeWebhook(developerKey, webhook.id));
    if (gone !== undefined) await props.onRemoved();
  };
  const test = async () => {
    await act(() => actions.testWebhook(developerKey, webhook.id));
    setSent(sent + 1);
  };
  return (
    <li data-testid="webhook">
      <p>
        <strong>{webhook.url}</strong>{' '}
        {webhook.goneAt === undefined ? null : <span class="chip chip-bad">{t`gone`}</span>}
        <span class="soft small block">
          {describeWebhook(webhook)} · {t`made ${formatInstant(webhook.createdAt)}`} ·{' '}
          <code>{webhook.id}</code>
        </span>
      </p>
      <div class="buttons">
        <button type="button" class="button" disabled={busy} onClick={() => void test()}>
          {t`Send a test`}
        </button>
        <TwoStep
          label={t`Remove`}
          name={t`Remove ${webhook.url}`}
          sure={t`Really remove it`}
          busy={busy}
          onSure={() => void remove()}
        />
      </div>
      {refusal === undefined ? null : <Refused refusal={refusal} />}
      <Deliveries id={webhook.id} sent={sent} developerKey={developerKey} actions={actions} />
    </li>
  );
}
