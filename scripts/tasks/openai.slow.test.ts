import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import OpenAI, { toFile } from 'openai';
import { beforeAll, expect, it, vi } from 'vitest';
import { type HubClient, openClient } from '#client/client.ts';
import { embed } from '#client/embeddings.ts';
import { postJob, readJob } from '#client/jobs.ts';
import { addKey } from '#client/keys.ts';
import { addModel } from '#client/models.ts';
import { openTestGrid, openTestPrograms } from '#node/test-programs.ts';
import { EmbeddingList } from '#protocol/openai/embeddings.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import { must } from '#protocol/values/refusal.ts';
import { readRecorded } from './recorded.ts';
import { buildRepository } from './repository.ts';

const TEXTS = ['The cat sat on the mat.', 'I love this film! It was very good and not bad', 'a'];
const MODEL = 'made/vectors';
const ENDED = { timeout: 120_000, interval: 200 };
const BATCH_MS_MAX = 4 * 60_000;
/** What the pipelines of transformers.js said of the same model. */
const VECTORS = readRecorded('mean').map((answer) => (answer as { embedding: number[] }).embedding);

const programs = openTestPrograms();
const { data, start } = programs;
let openai: OpenAI;
let hub: HubClient;

/** A hub with a model, a verifier and a contributor, each a process of its own. */
beforeAll(async () => {
  const { url, key, contribute } = await openTestGrid(programs);
  contribute();
  vi.stubEnv('POCKETGRID_HUB', url);
  vi.stubEnv('POCKETGRID_KEY', key);
  hub = openClient({ hub: url, key });
  const modules = new TextEncoder().encode('[{"type":"sentence_transformers.models.Normalize"}]');
  const files = [...buildRepository('feature-extraction'), ['modules.json', modules] as const];
  const named = files.map(([name, bytes]) => ({ name, data: new Blob([bytes]) }));
  must(await addModel(hub, { files: named, options: { name: MODEL } }));
  openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0 });
}, 120_000);

const line = (custom_id: string, body: object, more: object = {}) =>
  JSON.stringify({ custom_id, method: 'POST', url: '/v1/embeddings', body, ...more });
const upload = async (lines: readonly string[]) =>
  openai.files.create({
    file: await toFile(new Blob([lines.join('\n')]), 'lines.jsonl'),
    purpose: 'batch',
  });
const post = (input_file_id: string) =>
  openai.batches.create({
    ...{ input_file_id, endpoint: '/v1/embeddings', completion_window: '24h' },
    metadata: { of: 'a test' },
  });
const ended = async (id: string) => {
  const status = async () => (await openai.batches.retrieve(id)).status;
  await expect
    .poll(status, { timeout: BATCH_MS_MAX, interval: 300 })
    .toMatch(/completed|failed|cancelled|expired/);
  return openai.batches.retrieve(id);
};
interface OutputLine {
  custom_id: string;
  response: { status_code: number; body: OpenAI.CreateEmbeddingResponse };
  error: { code: string; message: string };
}
const read = async (id: string | null | undefined): Promise<OutputLine[]> => {
  const text = await (await openai.files.content(id ?? '')).text();
  return text
    .trim()
    .split('\n')
    .map((each) => JSON.parse(each));
};

it('a client of OpenAI gets embeddings of a request', async () => {
  const found = await openai.embeddings.create({ model: MODEL, input: TEXTS });
  expect(found).toMatchObject({ object: 'list', model: MODEL, usage: { total_tokens: 26 } });
  for (const [at, { index, embedding }] of found.data.entries()) {
    expect(index).toBe(at);
    expectNear(embedding, VECTORS[at]);
  }
}, 120_000);

it('our client gets vectors in the order of the texts, cut where asked, or a refusal', async () => {
  const whole = must(await embed(hub, { model: MODEL, texts: TEXTS }));
  expect(whole).toHaveLength(TEXTS.length);
  for (const [at, vector] of whole.entries()) expectNear([...vector], VECTORS[at]);
  const [cut] = must(await embed(hub, { model: MODEL, texts: ['a'], dimensions: 4 }));
  expect([cut?.length, Math.hypot(...(cut ?? []))]).toEqual([4, expect.closeTo(1, 5)]);
  expect(await embed(hub, { model: MODEL, texts: [] })).toEqual({ ok: true, value: [] });
  const wrong = await embed(hub, { model: 'made/vector', texts: TEXTS });
  expect(wrong).toMatchObject({ refusal: { code: 'model-unknown' } });
  const stop = new AbortController();
  const stopped = embed(hub, { model: MODEL, texts: TEXTS }, { signal: stop.signal });
  stop.abort();
  expect(await stopped).toMatchObject({ refusal: { message: 'The call was stopped.' } });
}, 120_000);

it('the command line gives vectors of a model of the hub, and of a folder as it is published', async () => {
  const folder = join(data, 'clone');
  for (const [path, bytes] of buildRepository('feature-extraction')) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), bytes);
  }
  const texts = join(data, 'texts.txt');
  await writeFile(texts, TEXTS.join('\n'));
  for (const model of [MODEL, `${folder} --normalize`]) {
    const line = `run ${texts} --task feature-extraction --model ${model} -o ${texts}.jsonl`;
    const { code, text } = await start('cli/main.ts', ...line.split(' ')).ended;
    expect([code, text]).toEqual([0, expect.stringContaining(`3 results in ${texts}.jsonl`)]);
    const lines = (await readFile(`${texts}.jsonl`, 'utf8')).trim().split('\n');
    expect(lines).toHaveLength(TEXTS.length);
    for (const [at, each] of lines.entries()) expectNear(JSON.parse(each).embedding, VECTORS[at]);
    await rm(`${texts}.jsonl`);
  }
}, 120_000);

it('a request sent again with its Idempotency-Key is answered as before, and a key is told its rate', async () => {
  const { key } = must(await addKey(hub, { name: 'rated', callsPerMinute: 100 }));
  const rated = new OpenAI({ baseURL: openai.baseURL, apiKey: key, maxRetries: 0 });
  const headers = { 'Idempotency-Key': '"one"', Prefer: 'wait=110' };
  const ask = (input: string) =>
    rated.embeddings
      .create({ model: MODEL, input, encoding_format: 'float' }, { headers })
      .asResponse();
  const first = await ask('a');
  const text = await first.text();
  expect(decodeWith(EmbeddingList, JSON.parse(text))).toMatchObject({ ok: true });
  expect(first.headers.get('x-ratelimit-limit-requests')).toBe('100');
  expect(first.headers.get('x-ratelimit-remaining-requests')).toMatch(/^\d\d$/);
  expect(first.headers.get('x-ratelimit-reset-requests')).toMatch(/^\d+m?s$/);
  const again = await ask('a');
  expect([again.headers.get('idempotent-replayed'), await again.text()]).toEqual(['true', text]);
  await expect(ask('b')).rejects.toMatchObject({ status: 422, code: 'idempotency-reused' });
}, 120_000);

it('a client of OpenAI is told which classes of a model are true of its texts', async () => {
  const files = [...buildRepository('text-classification')].map(([name, bytes]) => {
    const config = name === 'config.json' && JSON.parse(new TextDecoder().decode(bytes));
    const patched = { ...config, problem_type: 'multi_label_classification' };
    return { name, data: new Blob([config ? JSON.stringify(patched) : bytes]) };
  });
  const model = 'made/classes';
  must(await addModel(hub, { files, options: { name: model } }));
  const { results } = await openai.moderations.create({ model, input: TEXTS });
  expect(results).toHaveLength(TEXTS.length);
  const inputs = [{ name: 'texts.txt', data: new Blob([TEXTS.join('\n')]) }];
  const task = { name: 'text-classification', topK: 3 } as const;
  const posted = await postJob(hub, {
    inputs,
    options: { name: 'c', model, task, autoStart: true },
  });
  const { id } = must(posted);
  await expect.poll(async () => must(await readJob(hub, id)).state, ENDED).toBe('done');
  const text = new TextDecoder().decode(
    must(await hub.bytes(`/v1/jobs/${id}/results?format=jsonl`)),
  );
  const lines = text.trim().split('\n');
  for (const [at, { flagged, categories, category_scores: scores }] of results.entries()) {
    const { labels } = JSON.parse(lines[at] ?? '') as {
      labels: { label: string; score: number }[];
    };
    const [found, true_] = [new Map(Object.entries(scores)), new Map(Object.entries(categories))];
    expect([...found.keys()].sort()).toEqual(labels.map(({ label }) => label).sort());
    for (const { label, score } of labels) {
      expect(found.get(label)).toBeCloseTo(score, 5);
      expect(true_.get(label)).toBe((found.get(label) ?? 0) >= 0.5);
    }
    expect(flagged).toBe([...true_.values()].includes(true));
  }
  const vectors = openai.moderations.create({ model: MODEL, input: 'a' });
  await expect(vectors).rejects.toMatchObject({
    status: 400,
    message: expect.stringContaining('multi_label'),
  });
}, 280_000);

it('a request that cannot be answered says why', async () => {
  const ask = (more: object) => openai.embeddings.create({ model: MODEL, input: 'a', ...more });
  await expect(ask({ model: 'made/vector' })).rejects.toMatchObject({
    ...{ status: 404, code: 'model-unknown', type: 'not_found_error', param: 'model' },
    message: expect.stringContaining('made/vectors'),
  });
  await expect(ask({ input: [] })).rejects.toMatchObject({ status: 400 });
  await expect(ask({ input: 'cat '.repeat(600) })).rejects.toMatchObject({
    ...{ status: 413, message: expect.stringContaining('602 tokens') },
  });
});

it(
  'a client of OpenAI gets embeddings of a batch, and wrong lines harm no other',
  async () => {
    const [first, second, third] = TEXTS;
    const lines = [
      line('one', { model: MODEL, input: first }),
      line('two', { model: MODEL, input: [second, third], encoding_format: 'base64' }),
      line('short', { model: MODEL, input: third, dimensions: 4 }),
      '{"custom_id":"half',
      line('one', { model: MODEL, input: first }),
      line('other', { model: 'gpt', input: first }),
      line('empty', { model: MODEL, input: '' }),
      line('long', { model: MODEL, input: 'cat '.repeat(600) }),
      line('chat', { model: MODEL, input: first }, { url: '/v1/chat/completions' }),
    ];
    const file = await upload(lines);
    expect(file).toMatchObject({ object: 'file', purpose: 'batch', filename: 'lines.jsonl' });
    const posted = await post(file.id);
    expect(posted).toMatchObject({ object: 'batch', metadata: { of: 'a test' } });
    const batch = await ended(posted.id);
    expect(batch).toMatchObject({
      status: 'completed',
      request_counts: { total: 9, completed: 3, failed: 6 },
    });
    const answers = await read(batch.output_file_id);
    expect(answers.map(({ custom_id }) => custom_id).sort()).toEqual(['one', 'short', 'two']);
    const bodyOf = (id: string) => answers.find(({ custom_id }) => custom_id === id)?.response.body;
    expectNear(bodyOf('one')?.data[0]?.embedding, VECTORS[0]);
    const packed = bodyOf('two')?.data.map(({ embedding }) => {
      const bytes = Buffer.from(String(embedding), 'base64');
      return [...new Float32Array(new Uint8Array(bytes).buffer)];
    });
    expectNear(packed?.[0], VECTORS[1]);
    expectNear(packed?.[1], VECTORS[2]);
    const cut = bodyOf('short')?.data[0]?.embedding ?? [];
    expect(cut).toHaveLength(4);
    expect(Math.hypot(...cut)).toBeCloseTo(1, 5);
    expect(bodyOf('one')).toMatchObject({
      ...{ object: 'list', model: MODEL },
      usage: { prompt_tokens: 9, total_tokens: 9 },
    });
    const wrong = await read(batch.error_file_id);
    expect(wrong.map(({ error }) => error.code)).toEqual([
      ...['invalid_json_line', 'duplicate_custom_id', 'mismatched_model', 'invalid_request'],
      ...['context_length_exceeded', 'invalid_url'],
    ]);
    expect(wrong[3]?.error.message).toMatch(/^line 7: body: input/);
  },
  BATCH_MS_MAX + 60_000,
);

it(
  'a batch that cannot begin has failed, and says why',
  async () => {
    const file = await upload([line('one', { model: 'none/such', input: 'a' })]);
    const batch = await ended((await post(file.id)).id);
    expect(batch.status).toBe('failed');
    expect(batch.errors?.data?.[0]).toMatchObject({
      code: 'model-unknown',
      message: expect.stringContaining('none/such'),
    });
  },
  BATCH_MS_MAX,
);

it(
  'a batch is cancelled, and its lines are told of',
  async () => {
    const lines = TEXTS.map((text, at) => line(`${at}`, { model: MODEL, input: text }));
    const posted = await post((await upload(lines)).id);
    expect((await openai.batches.cancel(posted.id)).status).toBe('cancelling');
    const batch = await ended(posted.id);
    expect(batch.status).toBe('cancelled');
    await expect(openai.batches.cancel(posted.id)).rejects.toMatchObject({ status: 409 });
  },
  BATCH_MS_MAX,
);

it('files and batches are listed page by page, and files go', async () => {
  const ids = [];
  for await (const file of openai.files.list({ limit: 1 })) ids.push(file.id);
  expect(ids.length).toBeGreaterThan(2);
  const batches = [];
  for await (const { id } of openai.batches.list({ limit: 1 })) batches.push(id);
  expect(new Set(batches).size).toBe(batches.length);
  const [newest = ''] = ids;
  expect(await openai.files.delete(newest)).toEqual({ id: newest, object: 'file', deleted: true });
  await expect(openai.files.retrieve(newest)).rejects.toMatchObject({ status: 404 });
});

function expectNear(found: unknown, wanted: readonly number[] = []): void {
  expect(found).toEqual(wanted.map((value) => expect.closeTo(value, 5)));
}
