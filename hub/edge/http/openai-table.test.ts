import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openClient } from '#client/client.ts';
import { addKey } from '#client/keys.ts';
import { addModel } from '#client/models.ts';
import { encodeOnnx } from '#protocol/onnx/encode.ts';
import { must } from '#protocol/values/refusal.ts';
import { FAKE_SETTINGS, fakeGraph } from '../tasks/fake-repository.ts';
import { openTestHub } from '../test-hub.ts';

/** Each part of OpenAI's API: a real request to a hub without devices, and what comes back. */
interface Row {
  call: string;
  /** What of the call is asked. */
  part: string;
  path?: string;
  body?: object | FormData;
  headers?: Record<string, string>;
  /** Fields of the answer, or headers, as OpenAI's reference has them. */
  fields?: readonly string[];
}

const MODEL = 'fake/net';
const HEADING = '## Each call, as a test prints it';
const hub = openTestHub(() => ({ needsVerifier: false }));

const ERROR = ['error.message', 'error.type', 'error.code', 'error.param'];
const FILE = ['id', 'object', 'bytes', 'created_at', 'expires_at', 'filename', 'purpose', 'status'];
const BATCH = [
  ...['id', 'object', 'endpoint', 'errors', 'input_file_id', 'completion_window', 'status'],
  ...['output_file_id', 'error_file_id', 'created_at', 'expires_at', 'request_counts', 'metadata'],
];
const LIST = ['object', 'data', 'first_id', 'last_id', 'has_more'];
const RATES = ['limit', 'remaining', 'reset'].flatMap((name) =>
  ['requests', 'tokens'].map((of) => `x-ratelimit-${name}-${of}`),
);
const ABSENT = [
  ...['responses', 'conversations', 'images/generations'],
  ...['audio/speech', 'audio/transcriptions', 'fine_tuning/jobs', 'uploads', 'vector_stores'],
  ...['assistants', 'threads', 'evals', 'containers', 'videos', 'realtime/client_secrets'],
];

const embed = (part: string, more: object, rest: Partial<Row> = {}): Row => ({
  ...{ call: 'POST /v1/embeddings', part, body: { model: MODEL, input: 'a', ...more } },
  ...rest,
});
const moderate = (part: string, more: object): Row => ({
  ...{ call: 'POST /v1/moderations', part, body: { model: MODEL, input: 'a', ...more } },
});

const write = (part: string, more: object, rest: Partial<Row> = {}): Row => ({
  ...{ call: 'POST /v1/chat/completions', part },
  body: { model: MODEL, messages: [{ role: 'user', content: 'a' }], ...more },
  ...rest,
});

/** The rows, in their order: ids of what the ones before made stand in `made`. */
function listRows(made: { file: string; batch: string; rated: string }): Row[] {
  const batch = { input_file_id: made.file, endpoint: '/v1/embeddings', completion_window: '24h' };
  const post = (part: string, more: object, fields?: readonly string[]): Row => ({
    ...{ call: 'POST /v1/batches', part, body: { ...batch, ...more } },
    ...(fields && { fields }),
  });
  const get = (call: string, part: string, at: Pick<Row, 'path' | 'fields'>): Row => ({
    ...{ call, part, ...at },
  });
  const headers = { Authorization: `Bearer ${made.rated}` };
  return [
    { call: 'GET /v1/models', part: '', fields: ['object', 'data'] },
    { call: 'GET /v1/models', part: 'headers', fields: ['x-request-id', 'openai-version'] },
    { call: 'GET /v1/models', part: 'a key with a rate', headers, fields: RATES },
    { call: 'GET /v1/models', part: 'a wrong key', headers: WRONG_KEY, fields: ERROR },
    get('GET /v1/models/{id}', '', {
      path: `/v1/models/${MODEL}`,
      fields: ['id', 'object', 'created', 'owned_by'],
    }),
    get('GET /v1/models/{id}', 'an unknown model', { path: '/v1/models/gpt', fields: ERROR }),
    embed('before a device has it', {}, { headers: { Prefer: 'wait=1' }, fields: ['retry-after'] }),
    embed('`input` as tokens', { input: [1, 2] }),
    embed('`input` without a text', { input: [] }),
    embed('`encoding_format` of another kind', { encoding_format: 'int8' }),
    embed('`dimensions` of 0', { dimensions: 0 }),
    embed('`model` that is unknown', { model: 'gpt' }, { fields: ERROR }),
    embed('a field that OpenAI has not', { colour: 'red' }),
    moderate('a model of one label', {}),
    moderate('`input` as parts', { input: [{ type: 'text', text: 'a' }] }),
    write('a model that writes no text', {}),
    write('`messages` without one', { messages: [] }),
    write('`messages` with a picture', {
      messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'a' } }] }],
    }),
    write('`tools`', { tools: [] }),
    write('`n` past 8', { n: 9 }),
    write('`frequency_penalty`', { frequency_penalty: 1 }),
    write('`top_logprobs` past 8', { logprobs: true, top_logprobs: 9 }),
    write('`model` that is unknown', { model: 'gpt' }, { fields: ERROR }),
    {
      ...{ call: 'POST /v1/completions', part: '`prompt` as tokens' },
      body: { model: MODEL, prompt: [1, 2] },
    },
    { call: 'POST /v1/files', part: '`purpose=batch`', body: formOf('batch'), fields: FILE },
    { call: 'POST /v1/files', part: '`purpose=fine-tune`', body: formOf('fine-tune') },
    get('GET /v1/files', '`limit`, `after`', {
      path: `/v1/files?limit=1&after=${made.file}`,
      fields: LIST,
    }),
    get('GET /v1/files/{id}', '', { path: `/v1/files/${made.file}`, fields: FILE }),
    get('GET /v1/files/{id}/content', '', { path: `/v1/files/${made.file}/content` }),
    get('GET /v1/files/{id}', 'an unknown file', { path: '/v1/files/file-none', fields: ERROR }),
    post('', { metadata: { of: 'a test' } }, BATCH),
    post('another `endpoint`', { endpoint: '/v1/chat/completions' }),
    post('another `completion_window`', { completion_window: '1h' }),
    post('`output_expires_after`', { output_expires_after: { anchor: 'created_at', seconds: 1 } }),
    get('GET /v1/batches', '`limit`', { path: '/v1/batches?limit=1', fields: LIST }),
    get('GET /v1/batches/{id}', '', { path: `/v1/batches/${made.batch}`, fields: BATCH }),
    { call: 'POST /v1/batches/{id}/cancel', part: '', path: `/v1/batches/${made.batch}/cancel` },
    { call: 'DELETE /v1/files/{id}', part: '', path: `/v1/files/${made.file}` },
    { call: 'DELETE /v1/models/{id}', part: '', path: `/v1/models/${MODEL}` },
    ...ABSENT.map((name) => ({ call: `POST /v1/${name}`, part: '', body: {} })),
  ];
}

const WRONG_KEY = { Authorization: `Bearer pg_${'A'.repeat(43)}` };

function formOf(purpose: string): FormData {
  const form = new FormData();
  form.append('purpose', purpose);
  const body = { model: MODEL, input: 'one' };
  const line = { custom_id: 'a', method: 'POST', url: '/v1/embeddings', body };
  form.append('file', new Blob([JSON.stringify(line)]), 'lines.jsonl');
  return form;
}

/** Sends the request of a row, and says what came of it. */
async function tell({ call, part, path, body, headers, fields = [] }: Row): Promise<string> {
  const [method = '', place = ''] = call.split(' ');
  const isForm = body instanceof FormData;
  const answer = await hub.call(path ?? place, {
    ...{ method, headers: { ...(body && !isForm ? JSON_BODY : {}), ...headers } },
    ...(body && { body: isForm ? body : JSON.stringify(body) }),
  });
  const text = await answer.text();
  const found = text.startsWith('{') ? (JSON.parse(text) as object) : {};
  const has = (name: string) => answer.headers.has(name) || reach(found, name) !== undefined;
  const code = reach(found, 'error.code');
  const here = answer.ok
    ? `kept (${answer.status})`
    : code === 'not-found' && path === undefined
      ? `absent (${answer.status})`
      : `refused (${answer.status}): \`${code}\``;
  const names = (list: readonly string[]) => list.map((name) => `\`${name}\``).join(', ');
  const lacking = fields.filter((name) => !has(name));
  const lacks = lacking.length === 0 ? '' : `without ${names(lacking)}`;
  const seen = [names(fields.filter(has)), lacks].filter((each) => each !== '').join('; ');
  return `| \`${call}\` | ${part} | ${here} | ${seen} |`.replace(/ {2,}/g, ' ');
}

const JSON_BODY = { 'Content-Type': 'application/json' };

/** The value at a path such as `error.code`; null is one as well. */
const reach = (value: unknown, path: string): unknown =>
  path.split('.').reduce<unknown>((at, name) => (at as Record<string, unknown>)?.[name], value);

it('the table of the documents is what a hub answers to each call of OpenAI’s API', async () => {
  const operator = openClient({ hub: hub.url, key: hub.key });
  const { tokenizer, tokenizerConfig, config } = FAKE_SETTINGS;
  const json = { 'tokenizer.json': tokenizer, 'tokenizer_config.json': tokenizerConfig };
  const onnx = encodeOnnx(fakeGraph({ last_hidden_state: ['batch', 'sequence', 8] }));
  const files = [
    { name: 'model.onnx', data: new Blob([onnx.slice()]) },
    ...Object.entries({ ...json, 'config.json': config }).map(([name, value]) => ({
      ...{ name, data: new Blob([JSON.stringify(value)]) },
    })),
  ];
  must(await addModel(operator, { files, options: { name: MODEL } }));
  const { key: rated } = must(await addKey(operator, { name: 'rated', callsPerMinute: 100 }));
  const make = async (path: string, body: FormData | string) =>
    ((await (await hub.call(path, { method: 'POST', body })).json()) as { id: string }).id;
  const file = await make('/v1/files', formOf('batch'));
  const asked = { input_file_id: file, endpoint: '/v1/embeddings', completion_window: '24h' };
  const batch = await make('/v1/batches', JSON.stringify(asked));
  const printed = ['| call | of it | here | answer |', '| --- | --- | --- | --- |'];
  for (const row of listRows({ file, batch, rated })) printed.push(await tell(row));
  process.stdout.write(`${printed.join('\n')}\n`);

  const page = await readFile(join(import.meta.dirname, '../../../docs/openai.md'), 'utf8');
  const [, after = ''] = page.split(`${HEADING}\n`);
  const [section = ''] = after.split('\n## ');
  const table = section.split('\n').filter((line) => line.startsWith('|'));
  expect(table, 'copy what this test printed into docs/openai.md').toEqual(printed);
});
