import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type FakeReceiver, openFakeReceiver } from './fake-receiver.ts';
import { attemptDelivery, signWebhook } from './send.ts';

let receiver: FakeReceiver;
beforeEach(async () => {
  receiver = await openFakeReceiver();
});
afterEach(() => receiver.close());

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const message = { secret: SECRET, id: 'msg_1', body: '{"type":"job.done","data":{"ä":1}}' };
const HERE = { isPrivate: true, resolve: async () => ['127.0.0.1'] };
const send = (more: object = {}, rules = HERE, options = {}) =>
  attemptDelivery({ url: receiver.url, ...message, ...more }, rules, options);

it('a message is signed as the library of Standard Webhooks checks it', async () => {
  expect(await send()).toMatchObject({ status: 204 });
  const [{ headers, body } = { headers: {}, body: '' }] = receiver.received;
  expect(new Webhook(SECRET).verify(body, headers)).toEqual(JSON.parse(message.body));
  expect(headers).toMatchObject({
    'webhook-id': 'msg_1',
    'content-type': 'application/json',
    host: new URL(receiver.url).host,
  });
  const other = new Webhook(`whsec_${Buffer.alloc(32, 8).toString('base64')}`);
  expect(() => other.verify(body, headers)).toThrow();
  expect(() => new Webhook(SECRET).verify(`${body} `, headers)).toThrow();
});

it('the signature is that of the library for any message', () => {
  const at = new Date(1_700_000_000_000);
  const expected = new Webhook(SECRET).sign(message.id, at, message.body);
  expect(signWebhook(message, 1_700_000_000)).toBe(expected);
});

it('the connection goes to the address that was checked, whatever the name leads to later', async () => {
  const { port } = new URL(receiver.url);
  const answers = [['127.0.0.1'], ['192.0.2.1']];
  let asked = 0;
  const resolve = async () => answers[asked++] ?? [];
  const url = `http://rebinds.example:${port}/`;
  expect(await send({ url }, { isPrivate: true, resolve })).toMatchObject({ status: 204 });
  expect(asked).toBe(1);
  expect(receiver.received[0]?.headers['host']).toBe(`rebinds.example:${port}`);
});

it('without leave of the operator nothing reaches this machine', async () => {
  const url = receiver.url.replace('http:', 'https:');
  expect(await send({ url }, { ...HERE, isPrivate: false })).toMatchObject({
    error: expect.stringContaining('--private-webhooks'),
  });
  expect(receiver.received).toEqual([]);
});

it('a redirect is an answer like others, and is not followed', async () => {
  const other = await openFakeReceiver();
  receiver.answer = { status: 307, headers: { Location: other.url } };
  expect(await send()).toMatchObject({ status: 307 });
  expect(other.received).toEqual([]);
  await other.close();
});

it('whoever does not answer in time, or cannot be reached, is given up', async () => {
  receiver.answer = 'nothing';
  const limited = { limitMs: 200 };
  expect(await send({}, HERE, limited)).toMatchObject({ error: 'no answer within 0.2 s' });
  const hangs = { isPrivate: true, resolve: () => new Promise<string[]>(() => undefined) };
  expect(await send({ url: 'http://hangs.example/' }, hangs, limited)).toMatchObject({
    error: 'no answer within 0.2 s',
  });
  const { url } = receiver;
  await receiver.close();
  expect(await send({ url })).toMatchObject({ error: expect.stringContaining('ECONNREFUSED') });
});

it('what is on its way is given up when the hub stops', async () => {
  receiver.answer = 'nothing';
  const stopping = new AbortController();
  const sending = send({}, HERE, { stopping: stopping.signal });
  await expect.poll(() => receiver.received.length).toBe(1);
  stopping.abort();
  expect((await sending).status).toBeUndefined();
});
