import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { refusal } from '#protocol/values/refusal.ts';
import { fakeModel } from '../sockets/fake-job.ts';
import { openTestHub, refusalOf } from '../test-hub.ts';
import { answerRefusal } from './answer.ts';

const hub = openTestHub(() => ({}));
const lines = Array.from({ length: 10 }, (_, row) => JSON.stringify({ x: [row, 1, 2] })).join('\n');

function makeForm(
  parts: { model?: BlobPart | null; inputs?: string | null; options?: unknown } = {},
) {
  const form = new FormData();
  const file = parts.model === undefined ? fakeModel : parts.model;
  const inputs = parts.inputs === undefined ? lines : parts.inputs;
  if (file !== null) form.append('model', new Blob([file]), 'net.onnx');
  if (inputs !== null) form.append('inputs', new Blob([inputs]), 'rows.jsonl');
  const options = parts.options ?? { name: 'identity', unitItems: 4 };
  form.append('options', JSON.stringify(options));
  return form;
}

const post = (body: BodyInit, headers: HeadersInit = {}) =>
  hub.call('/v1/jobs', { method: 'POST', body, headers });

it('the hub asks for a key, and for one it knows', async () => {
  const without = await fetch(`${hub.url}/v1/jobs`);
  expect(await refusalOf(without)).toEqual({ status: 401, code: 'key-missing' });
  const wrong = await hub.call('/v1/jobs', { headers: { Authorization: `Bearer ${hub.key}x` } });
  expect(await refusalOf(wrong)).toEqual({ status: 401, code: 'key-wrong' });
  const upload = await fetch(`${hub.url}/v1/jobs`, { method: 'POST', body: makeForm() });
  expect(await refusalOf(upload)).toEqual({ status: 401, code: 'key-missing' });
});

it.each([
  ['no model', makeForm({ model: null }), 400, 'request-invalid'],
  ['no inputs', makeForm({ inputs: null }), 400, 'request-invalid'],
  ['options without a name', makeForm({ options: {} }), 400, 'request-invalid'],
  ['half a model', makeForm({ model: fakeModel.slice(0, 30) }), 422, 'model-truncated'],
  ['inputs of another shape', makeForm({ inputs: '{"x":[1,2]}' }), 422, 'input-shape'],
  ['inputs of another name', makeForm({ inputs: '{"z":[1,2,3]}' }), 422, 'input-name'],
  ['no rows', makeForm({ inputs: '\n' }), 422, 'input-empty'],
  [
    'taps asked of a model without layers',
    makeForm({ options: { name: 'identity', taps: true } }),
    422,
    'model-outputs-unsupported',
  ],
  ['no form', '{"model":1}', 400, 'request-invalid'],
])('the hub refuses a job with %s', async (...[, body, status, code]) => {
  expect(await refusalOf(await post(body))).toEqual({ status, code });
  expect(await readdir(join(hub.data, 'uploads'))).toEqual([]);
});

it('the hub refuses a job with a strange part, and one that breaks off', async () => {
  const form = makeForm();
  form.append('extra', 'x');
  expect(await refusalOf(await post(form))).toEqual({ status: 400, code: 'request-invalid' });
  const cut = '--b\r\nContent-Disposition: form-data; name="model"; filename="m"\r\n\r\nabc';
  const type = { 'Content-Type': 'multipart/form-data; boundary=b' };
  expect(await refusalOf(await post(cut, type))).toEqual({
    status: 400,
    code: 'request-invalid',
  });
});

it('the hub takes parts in any order and options with a mark, and names parts it has no use for', async () => {
  const form = new FormData();
  form.append('options', new Blob(['\ufeff{"name":"identity"}']), 'options.json');
  form.append('inputs[]', new Blob([lines]), 'rows.jsonl');
  form.append('model', new Blob([fakeModel]), 'net.onnx');
  expect((await post(form)).status).toBe(201);
  const words = async (extra: string, value: Blob | string, headers = {}) => {
    const body = makeForm();
    body.append(extra, value);
    const answer = await post(body, headers);
    return `${answer.status} ${await answer.text()}`;
  };
  expect(await words('autoStart', 'true')).toMatch(/^400 .*put it into `options`/);
  expect(await words('file', new Blob(['x']))).toMatch(/^400 .*send files as `model` or `inputs`/);
  const packed = { 'Content-Encoding': 'gzip' };
  expect(await words('file', 'x', packed)).toMatch(/^400 .*packed with gzip/);
});

it.each([
  ['GET', '/v1/nothing', 404, 'not-found'],
  ['GET', '/v1/jobs/job_0123456789abcdef', 404, 'job-unknown'],
  ['GET', '/v1/jobs/nonsense/events', 404, 'job-unknown'],
  ['POST', '/v1/jobs/job_0123456789abcdef/start', 404, 'job-unknown'],
  ['GET', '/v1/verdicts?limit=many', 400, 'request-invalid'],
  ['POST', '/v1/verifiers', 400, 'request-invalid'],
  ['DELETE', '/v1/jobs', 404, 'not-found'],
  ['GET', '/nothing-here', 404, 'not-found'],
])('the hub refuses %s %s', async (...[method, path, status, code]) => {
  expect(await refusalOf(await hub.call(path, { method }))).toEqual({ status, code });
});

it.each([
  ['busy', '5'],
  ['request-invalid', null],
] as const)('an answer of %s says when to come again: %s', (code, seconds) => {
  const answer = answerRefusal(refusal(code, 'a sentence'));
  expect(answer.headers.get('retry-after')).toBe(seconds);
});

it('what the disk says is for the log of the hub alone', async () => {
  const prefixes = Array.from({ length: 256 }, (_, at) => at.toString(16).padStart(2, '0'));
  const blobs = join(hub.data, 'blobs');
  const there = new Set(await readdir(blobs));
  // A file stands where a folder of blobs would be made.
  for (const prefix of prefixes) if (!there.has(prefix)) await writeFile(join(blobs, prefix), '');
  const answer = await post(makeForm({ inputs: '{"x":[7,8,9.5]}' }));
  const text = await answer.text();
  expect([answer.status, text]).toEqual([500, expect.stringContaining('storage-failed')]);
  expect(text).not.toContain(hub.data);
});
