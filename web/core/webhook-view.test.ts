import { expect, it } from 'vitest';
import { type DeliveryView, WEBHOOK_EVENTS, type WebhookView } from '#protocol/api/webhooks.ts';
import { instant, millis } from '#protocol/values/units.ts';
import { describeAttempt, describeDelivery, describeWebhook, toggleEvent } from './webhook-view.ts';

const attempt = { at: instant(0), ms: millis(12), status: 503 };
const sent = (more: Partial<DeliveryView>) =>
  describeDelivery({
    ...{ id: 'evt', number: 1, event: 'job.done', body: '{}', state: 'waiting' },
    ...{ createdAt: instant(0), attempts: [attempt], ...more },
  });

it('a delivery says how often it was tried, and when it is tried next', () => {
  expect(sent({ nextAt: instant(60_000) })).toMatchObject({
    ...{ label: 'waiting', tone: 'busy' },
    words: expect.stringMatching(/^1 attempt, next try .+/),
  });
  expect(sent({ state: 'delivered' })).toMatchObject({ tone: 'good', words: '1 attempt' });
  expect(sent({ state: 'failed', attempts: [attempt, attempt] })).toMatchObject({
    ...{ tone: 'bad', words: '2 attempts' },
  });
  expect(sent({ attempts: [] }).words).toBe('not tried yet');
});

it('an attempt says its status, or why no answer came', () => {
  expect(describeAttempt(attempt)).toMatch(/: status 503, in 12 ms$/);
  const { status: _, ...silent } = attempt;
  expect(describeAttempt({ ...silent, error: 'refused' })).toMatch(/: refused, in 12 ms$/);
});

it('a webhook says what it asks for, what was dropped and whether its address is gone', () => {
  const hook = { events: [...WEBHOOK_EVENTS], dropped: 0 } as unknown as WebhookView;
  expect(describeWebhook(hook)).toBe('all events');
  const some = { ...hook, events: ['job.done' as const], dropped: 2, goneAt: instant(0) };
  expect(describeWebhook(some)).toMatch(/^job\.done · 2 events dropped.* · gone since .*410$/);
});

it('an event is chosen and taken back, and the others stay', () => {
  expect(toggleEvent(['job.done'], 'job.quoted')).toEqual(['job.quoted', 'job.done']);
  expect(toggleEvent(['job.quoted', 'job.done'], 'job.quoted')).toEqual(['job.done']);
});
