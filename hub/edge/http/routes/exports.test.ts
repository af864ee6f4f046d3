import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ResultExport } from '#protocol/api/api.ts';
import type { JobView } from '#protocol/api/job.ts';
import { makeFakeKey } from '../../sockets/fake-client.ts';
import { computeFakeJob, postFakeJob, prepareFakeJob } from '../../sockets/fake-job.ts';
import { openTestHub, refusalOf } from '../../test-hub.ts';

const WAIT = { timeout: 20_000 };
const verifierKey = makeFakeKey();
const hub = openTestHub(() => ({
  ...{ verifierKeys: [verifierKey.key], needsVerifier: false, privateWebhooks: true },
}));
const strict = openTestHub(() => ({ needsVerifier: false }));

/** Stands for a developer's storage, which is busy at first. */
const statuses = [503, 200];
const put: { method: string; type: string; length: number; body: string }[] = [];
const storage = createServer(async (request, response) => {
  if (request.url === '/silent') return;
  let body = '';
  for await (const chunk of request) body += String(chunk);
  const { method = '', headers } = request;
  const length = Number(headers['content-length']);
  put.push({ method, type: headers['content-type'] ?? '', length, body });
  response.writeHead(statuses.shift() ?? 200).end();
});
let resultsUrl = '';
beforeAll(async () => {
  await new Promise<void>((resolve) => storage.listen(0, '127.0.0.1', resolve));
  const { port } = storage.address() as AddressInfo;
  resultsUrl = `http://127.0.0.1:${port}/results.jsonl?signature=1`;
});
afterAll(() => {
  storage.closeAllConnections();
  storage.close();
});

const post = async (more: object) =>
  (await (await postFakeJob(hub, { units: 3, autoStart: true, ...more })).json()) as JobView;
const exportOf = async ({ id }: JobView) =>
  (await (await hub.call(`/v1/jobs/${id}/export`)).json()) as ResultExport;

it('results are put to the address of their job when it is done, and again where that failed', async () => {
  const job = await post({ resultsUrl });
  expect(await exportOf(job)).toEqual({ job: job.id, state: 'waiting', attempts: [] });
  const verifier = await prepareFakeJob(hub.url, verifierKey);
  await computeFakeJob(hub, { job, who: makeFakeKey() });
  await expect.poll(async () => (await exportOf(job)).state, WAIT).toBe('delivered');
  const lines = [0, 1, 2].map((row) => `${JSON.stringify({ y: [row, 1, 2] })}\n`).join('');
  expect(put.map(({ method, body }) => [method, body])).toEqual([
    ['PUT', lines],
    ['PUT', lines],
  ]);
  expect(put[1]).toMatchObject({ length: lines.length, type: expect.stringContaining('json') });
  const { attempts } = await exportOf(job);
  expect(attempts.map(({ status }) => status)).toEqual([503, 200]);
  verifier.socket.close();
});

it('a storage that does not answer holds up no other', async () => {
  const jobs: JobView[] = [];
  for (const address of [new URL('/silent', resultsUrl).href, resultsUrl]) {
    const job = await post({ resultsUrl: address });
    const verifier = await prepareFakeJob(hub.url, verifierKey);
    await computeFakeJob(hub, { job, who: makeFakeKey() });
    verifier.socket.close();
    jobs.push(job);
  }
  const states = () => Promise.all(jobs.map(async (job) => (await exportOf(job)).state));
  await expect.poll(states, WAIT).toEqual(['waiting', 'delivered']);
});

it('a job that ends without results puts none, and one without an address has no export', async () => {
  const job = await post({ resultsUrl });
  const sent = put.length;
  await hub.call(`/v1/jobs/${job.id}/cancel`, { method: 'POST' });
  await expect.poll(async () => (await exportOf(job)).state, WAIT).toBe('failed');
  expect((await exportOf(job)).attempts).toMatchObject([
    { error: expect.stringMatching(/without/) },
  ]);
  expect(put).toHaveLength(sent);
  const none = await hub.call(`/v1/jobs/${(await post({})).id}/export`);
  expect(await refusalOf(none)).toEqual({ status: 404, code: 'not-found' });
});

it('no results go to this machine without leave of the operator', async () => {
  const answer = await postFakeJob(strict, { units: 1, ...{ resultsUrl } });
  expect(await answer.json()).toMatchObject({
    error: { code: 'request-invalid', path: 'resultsUrl' },
  });
});
