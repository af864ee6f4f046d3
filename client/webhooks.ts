import {
  DeliveryPage,
  DeliveryView,
  NewWebhook,
  WebhookList,
  type WebhookRequest,
} from '#protocol/api/webhooks.ts';
import type { HubClient } from './client.ts';
import { once } from './once.ts';

/** Webhooks of this key, the oldest first; to an operator, those of all keys. */
export const listWebhooks = (hub: HubClient) => hub.ask(WebhookList, '/v1/webhooks');

/** Makes a webhook; its secret is in this answer alone, so that a cut-off call is not made again. */
export const addWebhook = (
  hub: HubClient,
  request: Pick<WebhookRequest, 'url'> & Partial<WebhookRequest>,
) => hub.ask(NewWebhook, '/v1/webhooks', { method: 'POST', json: request });

/** Removes a webhook and its deliveries. */
export const removeWebhook = (hub: HubClient, id: string) =>
  hub.tell(`/v1/webhooks/${id}`, { method: 'DELETE' });

/** Sends a test to a webhook, once, and tells how that went. */
export const testWebhook = (hub: HubClient, id: string) =>
  hub.ask(DeliveryView, `/v1/webhooks/${id}/test`, once({}));

/** What was sent to a webhook, the newest first; `before` is the `next` of the page before. */
export const listDeliveries = (hub: HubClient, id: string, before?: number) =>
  hub.ask(
    DeliveryPage,
    `/v1/webhooks/${id}/deliveries?limit=20${before === undefined ? '' : `&before=${before}`}`,
  );
