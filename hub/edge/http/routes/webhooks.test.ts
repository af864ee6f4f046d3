import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openClient } from '#client/client.ts';
import { cancelJob, startJob } from '#client/jobs.ts';
import { addKey, revokeKey } from '#client/keys.ts';
import { verifyWebhook } from '#client/verify-webhook.ts';
import {
  addWebhook,
  listDeliveries,
  listWebhooks,
  removeWebhook,
  testWebhook,
} from '#client/webhooks.ts';
import type { JobView } from '#protocol/api/job.ts';
import type {
  DeliveryPage,
  DeliveryView,
  NewWebhook,
  WebhookList,
} from '#protocol/api/webhooks.ts';
import { must } from '#protocol/values/refusal.ts';
import { makeFakeKey } from '../../sockets/fake-client.ts';
import { postFakeJob, prepareFakeJob } from '../../sockets/fake-job.ts';
import { openTestHub, refusalOf } from '../../test-hub.ts';
import { type FakeReceiver, openFakeReceiver } from '../webhooks/fake-receiver.ts';
import { WEBHOOKS_OF_KEY_MAX } from './webhooks.ts';

const verifierKey = makeFakeKey();
const hub = openTestHub(() => ({ verifierKeys: [verifierKey.key], privateWebhooks: true }));
let receiver: FakeReceiver;
beforeAll(async () => {
  receiver = await openFakeReceiver();
});
afterAll(() => receiver.close());

const client = () => openClient({ hub: hub.url, key: hub.key });
const create = (body: object, init: RequestInit = {}) =>
  hub.call('/v1/webhooks', { method: 'POST', body: JSON.stringify(body), ...init });
const make = async (body: object, init?: RequestInit) => {
  const made = await create(body, init);
  expect(made.status).toBe(201);
  return (await made.json()) as NewWebhook;
};
const remove = (id: string) => hub.call(`/v1/webhooks/${id}`, { method: 'DELETE' });
const deliveriesTo = async (id: string, query = '') =>
  (await (await hub.call(`/v1/webhooks/${id}/deliveries${query}`)).json()) as DeliveryPage;
const typesAt = () =>
  receiver.received.map(({ body }) => (JSON.parse(body) as { type: string }).type);
const post = async () =>
  (await (await postFakeJob({ url: hub.url, key: hub.key }, { units: 1 })).json()) as JobView;

it('a key hears what happens to its jobs, signed, and reads what was sent', async () => {
  const { id, secret } = await make({ url: receiver.url });
  expect(secret).toMatch(/^whsec_[\w+/=]{44}$/);
  const listed = await (await hub.call('/v1/webhooks')).text();
  expect(listed).toContain(id);
  expect(listed).not.toContain(secret);
  const job = await post();
  const verifier = await prepareFakeJob(hub.url, verifierKey);
  await expect.poll(typesAt, { timeout: 10_000 }).toEqual(['job.quoted']);
  must(await startJob(client(), job.id));
  await expect.poll(typesAt, { timeout: 10_000 }).toEqual(['job.quoted', 'job.started']);
  must(await cancelJob(client(), job.id));
  const all = ['job.quoted', 'job.started', 'job.cancelled'];
  await expect.poll(typesAt, { timeout: 10_000 }).toEqual(all);
  for (const { body, headers } of receiver.received) {
    expect(new Webhook(secret).verify(body, headers)).toMatchObject({
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      data: { id: job.id, name: 'identity', items: 1, units: 1 },
    });
  }
  await expect
    .poll(async () => (await deliveriesTo(id)).deliveries.map(({ state }) => state))
    .toEqual(['delivered', 'delivered', 'delivered']);
  const { deliveries, next } = await deliveriesTo(id, '?limit=2');
  expect(deliveries.map(({ event }) => event)).toEqual(['job.cancelled', 'job.started']);
  expect(deliveries[0]).toMatchObject({
    id: receiver.received[2]?.headers['webhook-id'],
    attempts: [{ status: 204 }],
  });
  const older = await deliveriesTo(id, `?before=${next}`);
  expect(older.deliveries.map(({ event }) => event)).toEqual(['job.quoted']);
  expect((await remove(id)).status).toBe(204);
  verifier.socket.close();
});

it('the client makes webhooks, verifies what comes, and its secret is kept for no second call', async () => {
  receiver.received.length = 0;
  const { id, secret } = must(await addWebhook(client(), { url: receiver.url }));
  expect(must(await testWebhook(client(), id))).toMatchObject({ state: 'delivered' });
  const [sent] = receiver.received;
  if (sent === undefined) throw new Error('nothing came');
  const { body, headers } = sent;
  const seen = must(await verifyWebhook(secret, { body, headers }));
  expect(seen).toMatchObject({ type: 'webhook.test', data: { webhook: id } });
  const wrong = [
    verifyWebhook(secret, { body: `${body} `, headers }),
    verifyWebhook(`whsec_${btoa('another secret')}`, { body, headers }),
    verifyWebhook(secret, { body, headers }, Date.now() + 301_000),
    verifyWebhook(secret, { body, headers: new Headers({ 'webhook-id': 'msg_1' }) }),
    verifyWebhook('whsec_', { body, headers }),
  ];
  const codes = (await Promise.all(wrong)).map((each) => (each.ok ? 'ok' : each.refusal.code));
  expect(codes).toEqual([
    ...['signature-wrong', 'signature-wrong', 'signature-wrong'],
    ...['message-malformed', 'request-invalid'],
  ]);
  expect(must(await listDeliveries(client(), id)).deliveries).toHaveLength(1);
  const again = { headers: { 'Idempotency-Key': 'one' } };
  const [one, other] = [
    await make({ url: receiver.url }, again),
    await make({ url: receiver.url }, again),
  ];
  expect(one.secret).not.toBe(other.secret);
  for (const made of [id, one.id, other.id]) must(await removeWebhook(client(), made));
  expect(must(await listWebhooks(client())).webhooks.map((each) => each.id)).not.toContain(id);
});

it('a webhook hears of nothing else: no other key, no other event, nothing from before it', async () => {
  receiver.received.length = 0;
  const before = await post();
  must(await cancelJob(client(), before.id));
  const { key } = must(await addKey(client(), { name: 'other' }));
  const other = await make({ url: receiver.url }, { headers: { Authorization: `Bearer ${key}` } });
  const done = await make({ url: receiver.url, events: ['job.done'] });
  const cancelled = await make({ url: receiver.url, events: ['job.cancelled'] });
  const job = await post();
  must(await cancelJob(client(), job.id));
  await expect.poll(typesAt, { timeout: 10_000 }).toEqual(['job.cancelled']);
  for (const { id } of [other, done]) expect((await deliveriesTo(id)).deliveries).toEqual([]);
  expect(receiver.received[0]?.body).toContain(job.id);
  for (const { id } of [other, done, cancelled]) await remove(id);
});

it('a batch that cannot begin is told of', async () => {
  receiver.received.length = 0;
  const { id } = await make({ url: receiver.url, events: ['batch.failed'] });
  const form = new FormData();
  form.append('purpose', 'batch');
  form.append('file', new Blob(['{}']), 'lines.jsonl');
  const file = (await (await hub.call('/v1/files', { method: 'POST', body: form })).json()) as {
    id: string;
  };
  const asked = { endpoint: '/v1/embeddings', completion_window: '24h', input_file_id: file.id };
  const batch = await hub.call('/v1/batches', { method: 'POST', body: JSON.stringify(asked) });
  const { id: named } = (await batch.json()) as { id: string };
  await expect.poll(typesAt, { timeout: 20_000 }).toEqual(['batch.failed']);
  expect(JSON.parse(receiver.received[0]?.body ?? '')).toMatchObject({
    data: { id: named, status: 'failed', output_file_id: null },
  });
  await remove(id);
});

it('a test says at once how it went, and what fails is tried again, the same message', async () => {
  receiver.received.length = 0;
  const { id } = await make({ url: receiver.url, events: ['job.cancelled'] });
  const test = async () =>
    (await (await hub.call(`/v1/webhooks/${id}/test`, { method: 'POST' })).json()) as DeliveryView;
  expect(await test()).toMatchObject({ event: 'webhook.test', state: 'delivered' });
  // A name of this machine alone, which no name server knows.
  const byName = await make({ url: receiver.url.replace('127.0.0.1', 'localhost') });
  const named = await hub.call(`/v1/webhooks/${byName.id}/test`, { method: 'POST' });
  expect(await named.json()).toMatchObject({ state: 'delivered' });
  await remove(byName.id);
  receiver.answer = { status: 500 };
  expect(await test()).toMatchObject({ state: 'failed', attempts: [{ status: 500 }] });
  receiver.received.length = 0;
  must(await cancelJob(client(), (await post()).id));
  await expect.poll(typesAt, { timeout: 10_000 }).toEqual(['job.cancelled']);
  receiver.answer = { status: 200 };
  await expect.poll(typesAt, { timeout: 20_000 }).toEqual(['job.cancelled', 'job.cancelled']);
  const ids = receiver.received.map(({ headers }) => headers['webhook-id']);
  expect(ids[0]).toBe(ids[1]);
  await expect
    .poll(async () => (await deliveriesTo(id)).deliveries[0])
    .toMatchObject({ state: 'delivered', attempts: [{ status: 500 }, { status: 200 }] });
  receiver.answer = { status: 410 };
  expect(await test()).toMatchObject({ state: 'failed' });
  expect(await (await hub.call(`/v1/webhooks/${id}`)).json()).toMatchObject({
    goneAt: expect.any(Number),
  });
  receiver.answer = { status: 204 };
  await remove(id);
});

it('a webhook is seen by its key and the operator alone, and is silent once the key is revoked', async () => {
  receiver.received.length = 0;
  const made = must(await addKey(client(), { name: 'holder' }));
  const own = { headers: { Authorization: `Bearer ${made.key}` } };
  const { key: stranger } = must(await addKey(client(), { name: 'stranger' }));
  const { id } = await make({ url: receiver.url }, own);
  const headers = { Authorization: `Bearer ${stranger}` };
  for (const path of ['', '/deliveries']) {
    const answer = await hub.call(`/v1/webhooks/${id}${path}`, { headers });
    expect(await refusalOf(answer)).toEqual({ status: 404, code: 'not-found' });
    expect((await hub.call(`/v1/webhooks/${id}${path}`)).status).toBe(200);
  }
  const idsFor = async (init: RequestInit) => {
    const { webhooks } = (await (await hub.call('/v1/webhooks', init)).json()) as WebhookList;
    return webhooks.map((each) => each.id);
  };
  expect(await idsFor(own)).toEqual([id]);
  expect(await idsFor({ headers })).toEqual([]);
  expect(await idsFor({})).toContain(id);
  const job = (await (
    await postFakeJob({ url: hub.url, key: made.key }, { units: 1 })
  ).json()) as JobView;
  must(await revokeKey(client(), made.id));
  must(await cancelJob(client(), job.id));
  const { id: last } = await make({ url: receiver.url, events: ['job.cancelled'] });
  must(await cancelJob(client(), (await post()).id));
  await expect.poll(typesAt, { timeout: 10_000 }).toEqual(['job.cancelled']);
  expect((await deliveriesTo(id)).deliveries).toEqual([]);
  for (const each of [id, last]) await remove(each);
});

it.each([
  [{ url: 'ftp://a.example/' }, 'url'],
  [{ url: 'https://user:secret@a.example/' }, 'url'],
  [{ url: `https://a.example/${'x'.repeat(2_000)}` }, 'url'],
  [{ url: 'https://a.example/', events: [] }, 'events'],
  [{ url: 'https://a.example/', events: ['job.done', 'job.done'] }, 'events'],
  [{ url: 'https://a.example/', events: ['job.finished'] }, 'events.0'],
  [{ url: 'https://a.example/', secret: 'mine' }, 'secret'],
])('%j is refused by its field', async (body, path) => {
  const answer = await create(body);
  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({ error: { code: 'request-invalid', path } });
});

it('a key has so many webhooks and no more', async () => {
  const ids: string[] = [];
  for (let count = 0; count < WEBHOOKS_OF_KEY_MAX; count += 1) {
    ids.push((await make({ url: receiver.url })).id);
  }
  expect((await create({ url: receiver.url })).status).toBe(400);
  for (const id of ids) await remove(id);
  expect(await (await hub.call('/v1/webhooks')).json()).toEqual({ webhooks: [] });
});

it('without leave of the operator no webhook leads to this machine, to a private address or to plain HTTP', async () => {
  const { id } = await make({ url: receiver.url });
  await hub.close();
  await hub.open({ privateWebhooks: false });
  receiver.received.length = 0;
  for (const url of [
    receiver.url,
    receiver.url.replace('http:', 'https:'),
    'https://10.0.0.1/',
    'https://[::1]/',
    'https://169.254.169.254/latest',
  ]) {
    const answer = await create({ url });
    expect(await answer.json()).toMatchObject({ error: { code: 'request-invalid', path: 'url' } });
  }
  // One that was allowed before is refused when it is sent.
  const answer = await hub.call(`/v1/webhooks/${id}/test`, { method: 'POST' });
  expect(await answer.json()).toMatchObject({
    state: 'failed',
    attempts: [{ error: expect.stringContaining('https') }],
  });
  expect(receiver.received).toEqual([]);
});
