import { beforeAll, expect, it } from 'vitest';
import { type HubClient, openClient } from '#client/client.ts';
import { listJobs } from '#client/jobs.ts';
import { addKey } from '#client/keys.ts';
import { addModel } from '#client/models.ts';
import { encodeOnnx } from '#protocol/onnx/encode.ts';
import type { BatchView } from '#protocol/openai/batch.ts';
import type { FileView } from '#protocol/openai/file.ts';
import { must } from '#protocol/values/refusal.ts';
import { FAKE_SETTINGS, fakeGraph } from '../../tasks/fake-repository.ts';
import { openTestHub } from '../../test-hub.ts';

const hub = openTestHub(() => ({ needsVerifier: false }));
const VECTORS = encodeOnnx(fakeGraph({ last_hidden_state: ['batch', 'sequence', 8] }));
const bodyOf = (input: unknown) => ({ model: 'fake/net', input });
const line = (custom_id: string, input: unknown) =>
  JSON.stringify({ custom_id, method: 'POST', url: '/v1/embeddings', body: bodyOf(input) });

beforeAll(async () => {
  const { tokenizer, tokenizerConfig, config } = FAKE_SETTINGS;
  const json = { 'tokenizer.json': tokenizer, 'tokenizer_config.json': tokenizerConfig };
  const settings = Object.entries({ ...json, 'config.json': config });
  const files = [
    { name: 'model.onnx', data: new Blob([VECTORS.slice()]) },
    ...settings.map(([name, value]) => ({ name, data: new Blob([JSON.stringify(value)]) })),
  ];
  must(await addModel(operator(), { files, options: { name: 'fake/net' } }));
});

const operator = (): HubClient => openClient({ hub: hub.url, key: hub.key });
const ask = async <T = unknown>(path: string, init: RequestInit = {}): Promise<T> => {
  const answer = await hub.call(path, init);
  return (await answer.json()) as T;
};
function formOf(text: string, fields: Record<string, string> = { purpose: 'batch' }): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append('file', new Blob([text]), 'lines.jsonl');
  return form;
}
const upload = (text: string, fields?: Record<string, string>) =>
  ask<FileView>('/v1/files', { method: 'POST', body: formOf(text, fields) });
const post = (body: object) =>
  hub.call('/v1/batches', { method: 'POST', body: JSON.stringify(body) });
const asked = { endpoint: '/v1/embeddings', completion_window: '24h' };
const stateOf = async (id: string) => (await ask<BatchView>(`/v1/batches/${id}`)).status;

it('a batch goes on after a restart, and tells of each line that was cancelled', async () => {
  const file = await upload([line('a', 'one'), line('b', ['two', 'three']), '{'].join('\n'));
  const made = (await (await post({ ...asked, input_file_id: file.id })).json()) as BatchView;
  await expect.poll(() => stateOf(made.id), { timeout: 20_000 }).toBe('in_progress');
  const [job] = must(await listJobs(operator())).jobs;
  expect(job).toMatchObject({ name: `${made.id} 1/1`, items: 3, task: 'feature-extraction' });
  await hub.close();
  await hub.open();
  expect(await ask(`/v1/batches/${made.id}`)).toMatchObject({
    ...{ status: 'in_progress', model: 'fake/net' },
    request_counts: { total: 3, completed: 0, failed: 1 },
  });
  await hub.call(`/v1/batches/${made.id}/cancel`, { method: 'POST' });
  await expect.poll(() => stateOf(made.id), { timeout: 20_000 }).toBe('cancelled');
  const ended = await ask<BatchView>(`/v1/batches/${made.id}`);
  expect(ended).toMatchObject({
    output_file_id: null,
    request_counts: { completed: 0, failed: 3 },
  });
  const errors = await (await hub.call(`/v1/files/${ended.error_file_id}/content`)).text();
  const told = errors
    .trim()
    .split('\n')
    .map((each) => JSON.parse(each));
  expect(told.map(({ custom_id, error }) => [custom_id, error.code])).toEqual([
    [null, 'invalid_json_line'],
    ['a', 'batch_cancelled'],
    ['b', 'batch_cancelled'],
  ]);
  expect(must(await listJobs(operator())).jobs[0]?.state).toBe('cancelled');
});

it('files and batches are seen by their key and the operator alone', async () => {
  const file = await upload(line('a', 'one'));
  const { key } = must(await addKey(operator(), { name: 'other' }));
  const headers = { Authorization: `Bearer ${key}` };
  for (const path of [`/v1/files/${file.id}`, `/v1/files/${file.id}/content`]) {
    expect((await hub.call(path, { headers })).status).toBe(404);
    expect((await hub.call(path)).status).toBe(200);
  }
  const body = JSON.stringify({ ...asked, input_file_id: file.id });
  const taken = await hub.call('/v1/batches', { method: 'POST', body, headers });
  expect(taken.status).toBe(404);
  expect(await (await hub.call('/v1/files', { headers })).json()).toMatchObject({ data: [] });
});

it('a file has a time if it was given one', async () => {
  const fields = { purpose: 'batch', 'expires_after[anchor]': 'created_at' };
  const { created_at, expires_at = 0 } = await upload(line('a', 'one'), {
    ...fields,
    'expires_after[seconds]': '7200',
  });
  expect(expires_at - created_at).toBe(7_200);
  expect(await upload('x', { ...fields, 'expires_after[seconds]': '1' })).toMatchObject({
    error: { code: 'request-invalid', param: 'expires_after', type: 'invalid_request_error' },
  });
});

it.each([
  ['no purpose', 'x', {}, /purpose=batch/],
  ['another purpose', 'x', { purpose: 'fine-tune' }, /purpose=batch/],
  ['nothing in it', '', { purpose: 'batch' }, /is empty/],
] as [string, string, Record<string, string>, RegExp][])(
  'a file with %s is refused with what to do',
  async (_, ...[text, fields, message]) => {
    const answer = await hub.call('/v1/files', {
      method: 'POST',
      body: formOf(text, { ...fields }),
    });
    expect(answer.headers.get('x-request-id')).toMatch(/^req_/);
    expect(answer.ok).toBe(false);
    expect(await answer.json()).toMatchObject({
      error: { message: expect.stringMatching(message), param: expect.anything() },
    });
  },
);

it.each([
  ['another endpoint', { endpoint: '/v1/completions' }, /\/v1\/embeddings/],
  ['another window', { completion_window: '7d' }, /24h/],
  ['no such file', { input_file_id: 'file-none' }, /no file file-none/],
  ['too much metadata', { metadata: { a: 'x'.repeat(600) } }, /metadata/],
])('a batch of %s is refused with what to do', async (_, more, message) => {
  const file = await upload(line('a', 'one'));
  const answer = await post({ ...asked, input_file_id: file.id, ...more });
  expect(answer.ok).toBe(false);
  const { error } = (await answer.json()) as { error: { message: string; path?: string } };
  expect(`${error.path}: ${error.message}`).toMatch(message);
});
