import * as v from 'valibot';
import { DeveloperId } from '../values/ids.ts';
import { Count, Instant, Millis } from '../values/units.ts';
import { WebAddress } from '../values/web-address.ts';

/**
 * Webhooks as Standard Webhooks has them: a hub posts what happens to jobs and batches of a key to an
 * address of its holder, signed, until that answers with 2xx or a day is over. Headers:
 * `webhook-id`, the same each time; `webhook-timestamp`, in seconds; `webhook-signature`,
 * `v1,` and HMAC-SHA-256 of `id.timestamp.body` in base64, by the bytes of the secret.
 */
export const WEBHOOK_SECRET_PREFIX = 'whsec_';

/** All events, in the order of a job's or a batch's life. */
export const WEBHOOK_EVENTS = [
  ...(['job.quoted', 'job.started', 'job.done', 'job.failed', 'job.cancelled'] as const),
  ...(['batch.completed', 'batch.failed', 'batch.expired', 'batch.cancelled'] as const),
] as const;
const EXPECTED = `expected one of ${WEBHOOK_EVENTS.join(', ')}`;
const WebhookEvent = v.picklist(WEBHOOK_EVENTS, EXPECTED);
/** What a webhook may ask for. */
export type WebhookEvent = v.InferOutput<typeof WebhookEvent>;

const DeliveredEvent = v.picklist([...WEBHOOK_EVENTS, 'webhook.test']);
/** What is sent: `webhook.test` comes when the holder of a webhook asks for it. */
export type DeliveredEvent = v.InferOutput<typeof DeliveredEvent>;

/** `wh_` and 24 hex digits. */
export const WebhookId = v.pipe(
  v.string(),
  v.regex(/^wh_[0-9a-f]{24}$/, 'expected the id of a webhook such as wh_0123456789abcdef01234567'),
);

/** What the holder of a key says of a webhook. */
export const WebhookRequest = v.strictObject({
  url: WebAddress,
  /** All of them where nothing is said. */
  events: v.optional(
    v.pipe(
      v.array(WebhookEvent),
      v.minLength(1),
      v.check((events) => new Set(events).size === events.length, 'an event stands twice'),
    ),
    [...WEBHOOK_EVENTS],
  ),
});
export type WebhookRequest = v.InferOutput<typeof WebhookRequest>;

/** A webhook without its secret. */
export const WebhookView = v.strictObject({
  id: WebhookId,
  owner: DeveloperId,
  ...WebhookRequest.entries,
  events: v.array(WebhookEvent),
  createdAt: Instant,
  /** Since then nothing is sent: its address said 410, that it is gone for good. */
  goneAt: v.exactOptional(Instant),
  /** Events that were dropped, since too many waited. */
  dropped: Count,
});
export type WebhookView = v.InferOutput<typeof WebhookView>;

/** A webhook that was made now: its secret is shown here alone. */
export const NewWebhook = v.strictObject({ ...WebhookView.entries, secret: v.string() });
export type NewWebhook = v.InferOutput<typeof NewWebhook>;

/** Webhooks, the oldest first. */
export const WebhookList = v.strictObject({ webhooks: v.array(WebhookView) });
export type WebhookList = v.InferOutput<typeof WebhookList>;

/** What a message says; `data` is of the job or the batch. */
export const WebhookMessage = v.object({
  type: DeliveredEvent,
  timestamp: v.pipe(v.string(), v.isoTimestamp()),
  data: v.record(v.string(), v.unknown()),
});
export type WebhookMessage = v.InferOutput<typeof WebhookMessage>;

/** How one attempt ended: the status of the answer, or why there was none. */
export const DeliveryAttempt = v.strictObject({
  at: Instant,
  ms: Millis,
  status: v.exactOptional(Count),
  error: v.exactOptional(v.string()),
});
export type DeliveryAttempt = v.InferOutput<typeof DeliveryAttempt>;

/** `waiting` until an attempt is answered with 2xx (`delivered`) or the last one fails (`failed`). */
export const DeliveryState = v.picklist(['waiting', 'delivered', 'failed']);
export type DeliveryState = v.InferOutput<typeof DeliveryState>;

/** One event on its way to one webhook. */
export const DeliveryView = v.strictObject({
  /** The `webhook-id` that it is sent with. */
  id: v.string(),
  number: Count,
  event: DeliveredEvent,
  /** The body that is sent, as JSON. */
  body: v.string(),
  state: DeliveryState,
  createdAt: Instant,
  /** When it is tried next, while it waits. */
  nextAt: v.exactOptional(Instant),
  /** The oldest first. */
  attempts: v.array(DeliveryAttempt),
});
export type DeliveryView = v.InferOutput<typeof DeliveryView>;

/** Deliveries, the newest first; `next` is what to ask for `before` where there may be older ones. */
export const DeliveryPage = v.strictObject({
  deliveries: v.array(DeliveryView),
  next: v.exactOptional(Count),
});
export type DeliveryPage = v.InferOutput<typeof DeliveryPage>;
