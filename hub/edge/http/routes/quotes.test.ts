import { beforeAll, expect, it } from 'vitest';
import { type HubClient, openClient } from '#client/client.ts';
import { followJob } from '#client/follow-job.ts';
import { postJob } from '#client/jobs.ts';
import { addKey, readOwnKey } from '#client/keys.ts';
import { addModel } from '#client/models.ts';
import { estimateJob } from '#client/quotes.ts';
import type { QuoteRequest } from '#protocol/api/quotes.ts';
import { encodeOnnx } from '#protocol/onnx/encode.ts';
import { must } from '#protocol/values/refusal.ts';
import { makeFakeKey } from '../../sockets/fake-client.ts';
import { fakeModel, openFakeDevice, prepareFakeJob } from '../../sockets/fake-job.ts';
import { FAKE_SETTINGS, fakeGraph } from '../../tasks/fake-repository.ts';
import { openTestHub, refusalOf } from '../../test-hub.ts';

const verifierKey = makeFakeKey();
const hub = openTestHub(() => ({ verifierKeys: [verifierKey.key] }));
const MODEL = 'known/net';
let client: HubClient;

beforeAll(async () => {
  client = openClient({ hub: hub.url, key: hub.key });
  const files = [{ name: 'model.onnx', data: new Blob([fakeModel.slice()]) }];
  must(await addModel(client, { files, options: { name: MODEL } }));
});

const ask = async (more: Partial<QuoteRequest> = {}, by = client) =>
  must(await estimateJob(by, { model: MODEL, items: 1_000, ...more }));
const inputs = [{ name: 'rows.jsonl', data: new Blob(['{"x":[1,2,3]}\n{"x":[4,5,6]}']) }];
const dryRun = (more: object = {}) =>
  postJob(client, { inputs, options: { name: 'dry', model: MODEL, dryRun: true, ...more } });

it('a model that no job was prepared of has no price, and the answer says how it gets one', async () => {
  const found = await ask();
  expect(found).toMatchObject({
    possible: false,
    reasons: [{ code: 'model-unprepared', values: { model: MODEL } }],
    message: expect.stringContaining('"dryRun": true'),
  });
  expect(found.quote).toBeUndefined();
});

it('a dry run ends with its quote, costs no budget, and from then on the model has a price', async () => {
  const posted = must(await dryRun());
  expect(posted.state).toBe('checking');
  const verifier = await prepareFakeJob(hub.url, verifierKey);
  const ended = await followJob(client, { job: posted.id });
  expect(ended).toMatchObject({
    ...{ state: 'cancelled', reason: { code: 'dry-run' } },
    quote: { items: 2, total: '0' },
  });
  expect(must(await readOwnKey(client)).spent.items).toBe(0);
  const known = await ask();
  expect(known).toMatchObject({
    ...{ possible: false, reasons: [{ code: 'no-device' }], job: posted.id },
    quote: { items: 1_000, total: '0', devices: 0 },
  });
  expect(known.quote?.units).toBe(Math.ceil(1_000 / ended.unitItems));
  expect(await ask({ unitItems: 3 })).toMatchObject({ reasons: [{ code: 'model-unprepared' }] });
  const running = must(
    await postJob(client, { inputs, options: { name: 'real', model: MODEL, autoStart: true } }),
  );
  const second = await prepareAgain(verifier);
  const device = await openFakeDevice(hub.url);
  const possible = await ask();
  expect(possible).toMatchObject({ possible: true, reasons: [], job: running.id });
  const { durationMs = 0, latestMs = 0, units = 0 } = possible.quote ?? {};
  expect(durationMs).toBe(10 * units);
  expect(latestMs).toBeGreaterThanOrEqual(durationMs);
  device.socket.close();
  second.socket.close();
});

/** The verifier of before goes, and prepares the next job when it is back. */
async function prepareAgain(verifier: Awaited<ReturnType<typeof prepareFakeJob>>) {
  verifier.socket.close();
  return prepareFakeJob(hub.url, verifierKey);
}

it('texts have the price of rows that are as long, and others are named', async () => {
  const graph = encodeOnnx(fakeGraph({ logits: ['batch', 2] }, { inputs: ['input_ids'] }));
  const { config, tokenizer, tokenizerConfig } = FAKE_SETTINGS;
  const settings = Object.entries({ config, tokenizer, tokenizer_config: tokenizerConfig });
  const files = settings.map(([name, value]) => ({
    ...{ name: `${name}.json`, data: new Blob([JSON.stringify(value)]) },
  }));
  const file = { name: 'onnx/model.onnx', data: new Blob([graph.slice()]) };
  must(await addModel(client, { files: [file, ...files], options: { name: 'texts' } }));
  const task = { name: 'text-classification' } as const;
  const options = { name: 'dry', model: 'texts', task, dryRun: true };
  const texts = [{ name: 'texts.txt', data: new Blob(['one two three four five six one']) }];
  const { id, inputs: rows } = must(await postJob(client, { inputs: texts, options }));
  expect(rows[0]?.shape.at(-1)).toBe(16);
  const verifier = await prepareFakeJob(hub.url, verifierKey);
  await followJob(client, { job: id });
  expect(await ask({ model: 'texts', task, tokens: 12 })).toMatchObject({
    ...{ job: id, quote: { items: 1_000 } },
  });
  expect((await ask({ model: 'texts', task, tokens: 5 })).reasons).toEqual([
    { code: 'length-unprepared', values: { tokens: 8, lengths: '16' } },
  ]);
  verifier.socket.close();
});

it('what is too much for the budget of a key, and a verifier that is away, are told', async () => {
  const { key } = must(await addKey(client, { name: 'small', budget: { items: 10 } }));
  const small = openClient({ hub: hub.url, key });
  const { possible, reasons } = await ask({}, small);
  expect(possible).toBe(false);
  expect(reasons.map(({ code }) => code)).toEqual([
    'verifier-missing',
    'no-device',
    'budget-spent',
  ]);
});

it('wrong requests are refused: an unknown model by near names, texts without a length', async () => {
  const wrong = async (body: object) =>
    hub.call('/v1/quotes', { method: 'POST', body: JSON.stringify(body) });
  const unknown = await wrong({ model: 'known/nett', items: 1 });
  expect(unknown.status).toBe(404);
  expect(await unknown.text()).toContain('near names are known/net');
  const task = { name: 'feature-extraction' };
  const bare = await wrong({ model: MODEL, items: 1, task });
  expect(await refusalOf(bare)).toEqual({ status: 400, code: 'request-invalid' });
  const both = await dryRun({ autoStart: true });
  expect(both).toMatchObject({ ok: false, refusal: { code: 'request-invalid', path: 'dryRun' } });
});
