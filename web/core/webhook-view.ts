import type { MessageDescriptor } from '@lingui/core';
import { msg, plural, t } from '@lingui/core/macro';
import {
  type DeliveryAttempt,
  type DeliveryView,
  WEBHOOK_EVENTS,
  type WebhookEvent,
  type WebhookView,
} from '#protocol/api/webhooks.ts';
import { formatInstant, formatMillis } from './format.ts';
import { say } from './language.ts';

const DELIVERY_STATES: Record<DeliveryView['state'], MessageDescriptor> = {
  waiting: msg`waiting`,
  delivered: msg`delivered`,
  failed: msg`failed`,
};

/** The tone of a delivery's chip, and its state in words. */
export function describeDelivery({ state, nextAt, attempts }: DeliveryView): {
  label: string;
  tone: 'good' | 'busy' | 'bad';
  words: string;
} {
  const tries =
    attempts.length === 0
      ? t`not tried yet`
      : plural(attempts.length, { one: '# attempt', other: '# attempts' });
  const next =
    state === 'waiting' && nextAt !== undefined ? `, ${t`next try ${formatInstant(nextAt)}`}` : '';
  const tone = state === 'delivered' ? 'good' : state === 'failed' ? 'bad' : 'busy';
  return { label: say(DELIVERY_STATES[state]), tone, words: `${tries}${next}` };
}

/** How one attempt went: the status of the answer, or why there was none. */
export const describeAttempt = ({ at, ms, status, error }: DeliveryAttempt): string =>
  `${formatInstant(at)}: ${status === undefined ? (error ?? t`no answer`) : t`status ${status}`}, ${t`in ${formatMillis(ms)}`}`;

/** What a webhook asks for, and whether anything still goes there. */
export function describeWebhook({ events, goneAt, dropped }: WebhookView): string {
  const asked = events.length === WEBHOOK_EVENTS.length ? t`all events` : events.join(', ');
  const lost =
    dropped === 0
      ? ''
      : ` · ${plural(dropped, { one: '# event dropped, too many waited', other: '# events dropped, too many waited' })}`;
  const gone =
    goneAt === undefined
      ? ''
      : ` · ${t`gone since ${formatInstant(goneAt)}: its address answered 410`}`;
  return `${asked}${lost}${gone}`;
}

/** Events of which one was chosen or taken back, in the order of a life. */
export const toggleEvent = (chosen: readonly WebhookEvent[], event: WebhookEvent): WebhookEvent[] =>
  WEBHOOK_EVENTS.filter((each) => (each === event) !== chosen.includes(each));
