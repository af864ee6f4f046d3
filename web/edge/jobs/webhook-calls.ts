import {
  addWebhook,
  listDeliveries,
  listWebhooks,
  removeWebhook,
  testWebhook,
} from '#client/webhooks.ts';
import type { WebhookEvent } from '#protocol/api/webhooks.ts';
import { openHub } from '../hub.ts';

/** What the pages of developers ask of webhooks. */
export const webhookCalls = {
  fetchWebhooks: (key: string) => listWebhooks(openHub(key)),
  addWebhook: (key: string, request: { url: string; events: WebhookEvent[] }) =>
    addWebhook(openHub(key), request),
  removeWebhook: (key: string, id: string) => removeWebhook(openHub(key), id),
  testWebhook: (key: string, id: string) => testWebhook(openHub(key), id),
  fetchDeliveries: (key: string, id: string, before?: number) =>
    listDeliveries(openHub(key), id, before),
};
