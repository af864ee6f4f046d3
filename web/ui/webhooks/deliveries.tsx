import { t } from '@lingui/core/macro';
import { useCallback, useEffect, useState } from 'preact/hooks';
import type { DeliveryView } from '#protocol/api/webhooks.ts';
import { formatInstant } from '../../core/format.ts';
import { describeAttempt, describeDelivery } from '../../core/webhook-view.ts';
import type { DashboardActions } from '../dashboard/actions.ts';
import { Refused } from '../dashboard/refused.tsx';
import { useAnswer } from '../use-answer.ts';

const REFRESH_MS = 5_000;

/** What was sent to a webhook, the newest first, with each attempt and its retry. */
export function Deliveries(props: {
  id: string;
  /** Grows with each test that was sent. */
  sent: number;
  developerKey: string;
  actions: Pick<DashboardActions, 'fetchDeliveries'>;
}) {
  const { id, sent, developerKey, actions } = props;
  const [before, setBefore] = useState<number | undefined>(undefined);
  const read = useCallback(
    () => actions.fetchDeliveries(developerKey, id, before),
    [actions, developerKey, id, before],
  );
  const { value: page, refusal, again } = useAnswer(read, REFRESH_MS);
  useEffect(() => void again(), [again, sent]);
  if (refusal !== undefined) return <Refused refusal={refusal} />;
  if (page === undefined) return <p class="soft small">{t`Reading what was sent…`}</p>;
  return (
    <div class="stack">
      <h3>{t`Deliveries`}</h3>
      {page.deliveries.length === 0 ? <p class="soft small">{t`Nothing was sent yet.`}</p> : null}
      <ul class="deliveries" data-testid="deliveries">
        {page.deliveries.map((delivery) => (
          <Delivery key={delivery.id} delivery={delivery} />
        ))}
      </ul>
      {before === undefined && page.next === undefined ? null : (
        <div class="buttons">
          {before === undefined ? null : (
            <button type="button" class="button" onClick={() => setBefore(undefined)}>
              {t`Newest`}
            </button>
          )}
          {page.next === undefined ? null : (
            <button type="button" class="button" onClick={() => setBefore(page.next)}>
              {t`Older`}
            </button>
          )}
        </div>
      )}
    </div>
  );
}

function Delivery({ delivery }: { delivery: DeliveryView }) {
  const { label, tone, words } = describeDelivery(delivery);
  return (
    <li data-testid="delivery" data-state={delivery.state}>
      <details class="options">
        <summary>
          <span>
            {delivery.event} <span class={`chip chip-${tone}`}>{label}</span>
            <span class="soft small block">
              {formatInstant(delivery.createdAt)} · {words}
            </span>
          </span>
        </summary>
        <ol class="attempts small">
          {delivery.attempts.map((attempt) => (
            <li key={attempt.at}>{describeAttempt(attempt)}</li>
          ))}
        </ol>
        <pre class="delivered small">{delivery.body}</pre>
      </details>
    </li>
  );
}
