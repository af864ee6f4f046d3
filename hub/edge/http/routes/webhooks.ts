import { randomBytes } from 'node:crypto';
import type { KeyView } from '#protocol/api/keys.ts';
import {
  DeliveryPage,
  DeliveryView,
  NewWebhook,
  WEBHOOK_SECRET_PREFIX,
  WebhookList,
  WebhookRequest,
  WebhookView,
} from '#protocol/api/webhooks.ts';
import type { KeptWebhook } from '../../store/webhooks/hooks.ts';
import { answerJson, reject } from '../answer.ts';
import { readJson } from '../body.ts';
import { openTurns } from '../call-places.ts';
import { count, json, NOTHING, number } from '../describe.ts';
import { readCount } from '../query.ts';
import { type ApiPorts, type KeyCall, type Route, reader, writer } from '../route.ts';

/** Webhooks of one key. */
export const WEBHOOKS_OF_KEY_MAX = 20;
const SECRET_BYTES = 32;
const PAGE = { otherwise: 50, most: 200 };

const CALLS = {
  create: {
    does: 'Makes a webhook: what happens to jobs and batches of this key is posted to its address. Its secret is shown here alone.',
    body: json({ WebhookRequest }),
    answers: { 201: json({ NewWebhook }) },
    isSecret: true as const,
  },
  list: {
    does: 'Lists the webhooks of this key; to an operator, those of all keys.',
    answers: { 200: json({ WebhookList }) },
  },
  view: { does: 'Shows a webhook.', answers: { 200: json({ WebhookView }) } },
  remove: { does: 'Removes a webhook and its deliveries.', answers: { 204: NOTHING } },
  test: { does: 'Sends a test to a webhook, once.', answers: { 200: json({ DeliveryView }) } },
  deliveries: {
    does: 'Lists what was sent to a webhook, the newest first.',
    query: {
      before: number('The `next` of the page before.'),
      limit: count('How many the page has at most.', PAGE),
    },
    answers: { 200: json({ DeliveryPage }) },
  },
};

/** Webhooks of keys, tests of them, and what was sent. */
export function webhookRoutes(ports: Pick<ApiPorts, 'store' | 'webhooks' | 'clock'>): Route[] {
  const { webhooks: kept } = ports.store;
  // How many a key has is counted for one after the other.
  const inTurn = openTurns();

  async function create({ request, key }: KeyCall): Promise<Response> {
    const { url, events } = await readJson(WebhookRequest, request);
    await ports.webhooks.check(url);
    const made = await inTurn(() => add(key, { url, events }));
    ports.webhooks.wake();
    return answerJson(made, 201);
  }

  async function add(key: KeyView, { url, events }: WebhookRequest): Promise<NewWebhook> {
    if ((await kept.list(key.id)).length >= WEBHOOKS_OF_KEY_MAX) {
      const message = `the key "${key.name}" has ${WEBHOOKS_OF_KEY_MAX} webhooks; remove one (DELETE /v1/webhooks/…)`;
      return reject('request-invalid', message);
    }
    // Without any nobody has looked what happened, and that is not for this one.
    if ((await kept.list()).length === 0) await kept.skip();
    const view: WebhookView = {
      ...{ id: `wh_${randomBytes(12).toString('hex')}`, owner: key.id, url, events },
      ...{ createdAt: ports.clock(), dropped: 0 },
    };
    const secret = `${WEBHOOK_SECRET_PREFIX}${randomBytes(SECRET_BYTES).toString('base64')}`;
    await kept.add({ view, secret });
    return { ...view, secret };
  }

  async function deliveries(call: KeyCall): Promise<DeliveryPage> {
    const { view } = await find(ports, call);
    const limit = readCount(call.query, 'limit', PAGE);
    const most = Number.MAX_SAFE_INTEGER;
    const before = readCount(call.query, 'before', { otherwise: most, most });
    const found = await kept.deliveries(view.id, before, limit + 1);
    const page = found.slice(0, limit);
    const next = found.length > limit ? page.at(-1)?.number : undefined;
    return { deliveries: page, ...(next === undefined ? {} : { next }) };
  }

  return [
    writer('POST /v1/webhooks', CALLS.create, create),
    reader('GET /v1/webhooks', CALLS.list, async ({ key }): Promise<WebhookList> => {
      const found = await kept.list(key.role === 'operator' ? undefined : key.id);
      return { webhooks: found.map(({ view }) => view) };
    }),
    reader('GET /v1/webhooks/:webhook', CALLS.view, async (call) => (await find(ports, call)).view),
    writer('DELETE /v1/webhooks/:webhook', CALLS.remove, async (call): Promise<void> => {
      await kept.remove((await find(ports, call)).view.id);
    }),
    writer('POST /v1/webhooks/:webhook/test', CALLS.test, async (call): Promise<DeliveryView> => {
      return ports.webhooks.test(await find(ports, call));
    }),
    reader('GET /v1/webhooks/:webhook/deliveries', CALLS.deliveries, deliveries),
  ];
}

/** The webhook of the path, where it is the key's own or an operator asks. */
async function find(
  { store }: Pick<ApiPorts, 'store'>,
  { param, key }: KeyCall,
): Promise<KeptWebhook> {
  const webhook = await store.webhooks.find(param('webhook'));
  const isOwn = webhook?.view.owner === key.id || key.role === 'operator';
  if (webhook !== undefined && isOwn) return webhook;
  const id = param('webhook').slice(0, 100);
  return reject('not-found', `there is no webhook ${id}; GET /v1/webhooks lists yours`, 'webhook');
}
