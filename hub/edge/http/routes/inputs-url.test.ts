import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { JobView } from '#protocol/api/job.ts';
import { fakeModel } from '../../sockets/fake-job.ts';
import { openTestHub } from '../../test-hub.ts';

const ROWS = '{"x":[1,2,3]}\n{"x":[4,5,6]}\n';
const hub = openTestHub(() => ({ needsVerifier: false, privateWebhooks: true }));
const strict = openTestHub(() => ({ needsVerifier: false }));

/** Stands for a developer's storage. */
const files = createServer(({ url = '' }, response) => {
  const { pathname } = new URL(url, 'http://files');
  if (pathname === '/rows.jsonl') response.end(ROWS);
  else if (pathname === '/moved') response.writeHead(302, { location: '/rows.jsonl' }).end();
  else if (pathname === '/for-ever') response.writeHead(302, { location: '/for-ever' }).end();
  else if (pathname === '/page')
    response.setHeader('content-type', 'text/html; charset=x').end('<p>');
  else if (pathname === '/packed') response.setHeader('content-encoding', 'gzip').end('x');
  else if (pathname === '/huge') response.setHeader('content-length', 2 ** 30).write('{');
  else if (pathname === '/cut')
    response.setHeader('content-length', 99).write('{', () => response.destroy());
  else response.writeHead(403).end('expired');
});
let base = '';
beforeAll(async () => {
  await new Promise<void>((resolve) => files.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(files.address() as AddressInfo).port}`;
});
afterAll(() => {
  files.closeAllConnections();
  files.close();
});

function post(inputsUrl: string, { at = hub, more = {} as Record<string, Blob> } = {}) {
  const form = new FormData();
  form.append('model', new Blob([fakeModel]), 'net.onnx');
  for (const [name, part] of Object.entries(more)) form.append(name, part);
  form.append('options', JSON.stringify({ name: 'by address', inputsUrl }));
  return at.call('/v1/jobs', { method: 'POST', body: form });
}
const refusalAt = async (path: string) => {
  const { error } = (await (await post(`${base}${path}`)).json()) as {
    error: { code: string; path: string; message: string };
  };
  expect(error.path).toBe('inputsUrl');
  return [error.code, error.message];
};

it('inputs are fetched from an address, also from where that leads', async () => {
  for (const path of ['/rows.jsonl?signature=1', '/moved']) {
    const answer = await post(`${base}${path}`);
    expect([answer.status, ((await answer.json()) as JobView).items]).toEqual([201, 2]);
  }
});

it.each([
  ['/gone', 'download-failed', 'status 403'],
  ['/for-ever', 'download-failed', 'more than 3 times'],
  ['/page', 'input-format', 'a page'],
  ['/packed', 'input-format', 'packed with gzip'],
  ['/huge', 'input-too-big', '512 MiB'],
  ['/cut', 'download-failed', 'could not be fetched'],
])('what is no file of inputs is refused with what it is: %s', async (path, code, says) => {
  expect(await refusalAt(path)).toEqual([code, expect.stringContaining(says)]);
});

it('no address leads to this machine without leave of the operator', async () => {
  const answers = await Promise.all([
    post(`${base}/rows.jsonl`, { at: strict }),
    post('https://127.0.0.1/rows.jsonl', { at: strict }),
    post('https://169.254.169.254/latest', { at: strict }),
  ]);
  for (const answer of answers) {
    expect(await answer.json()).toMatchObject({
      error: { code: 'request-invalid', path: 'inputsUrl' },
    });
  }
});

it('files and an address at once, and a wrong address, are refused', async () => {
  const both = await post(`${base}/rows.jsonl`, { more: { inputs: new Blob([ROWS]) } });
  const wrong = await post('ftp://files/rows.jsonl');
  for (const answer of [both, wrong]) {
    expect(await answer.json()).toMatchObject({
      error: { code: 'request-invalid', path: 'inputsUrl' },
    });
  }
});
