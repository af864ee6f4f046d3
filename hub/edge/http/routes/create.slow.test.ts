import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { JobView } from '#protocol/api/job.ts';
import { fakeModel, postFakeJob } from '../../sockets/fake-job.ts';
import { openTestHub, refusalOf } from '../../test-hub.ts';

const hub = openTestHub(() => ({}));

it('thirty jobs posted at once are all taken', async () => {
  const posted = await Promise.all(
    Array.from({ length: 30 }, (_, job) => postFakeJob(hub, { units: 1 + job })),
  );
  expect(posted.map(({ status }) => status)).toEqual(Array(30).fill(201));
  const views = (await Promise.all(posted.map((each) => each.json()))) as JobView[];
  expect(views.map(({ items }) => items)).toEqual(Array.from({ length: 30 }, (_, job) => 1 + job));
  expect(await readdir(join(hub.data, 'uploads'))).toEqual([]);
});

it('uploads that sleep keep nobody else from posting', async () => {
  const sleepers = Array.from({ length: 32 }, () => {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new TextEncoder().encode('--b\r\n')),
    });
    const headers = { 'Content-Type': 'multipart/form-data; boundary=b' };
    const stop = new AbortController();
    const init = { method: 'POST', headers, body, ...{ duplex: 'half' }, signal: stop.signal };
    return { stop, answer: hub.call('/v1/jobs', init).catch(() => undefined) };
  });
  const posted = () => postFakeJob(hub, { units: 1 });
  await expect.poll(async () => (await posted()).status).toBe(503);
  const made = await hub.call('/v1/keys', {
    method: 'POST',
    body: JSON.stringify({ name: 'other', role: 'developer' }),
  });
  const other = (await made.json()) as { key: string };
  const own = await postFakeJob({ url: hub.url, key: other.key }, { units: 1 });
  expect(own.status).toBe(201);
  for (const { stop } of sleepers) stop.abort();
  await Promise.all(sleepers.map(({ answer }) => answer));
  await expect.poll(async () => (await posted()).status).toBe(201);
});

it('a bad form among others is refused alone', async () => {
  const form = new FormData();
  form.append('model', new Blob([fakeModel]), 'net.onnx');
  form.append('inputs', new Blob(['{"x": [1, 2]}']), 'rows.jsonl');
  form.append('options', JSON.stringify({ name: 'short' }));
  const [bad, good] = await Promise.all([
    hub.call('/v1/jobs', { method: 'POST', body: form }),
    postFakeJob(hub, { units: 1 }),
  ]);
  expect(await refusalOf(bad)).toEqual({ status: 422, code: 'input-shape' });
  expect(good.status).toBe(201);
});

it('a hub that stops refuses what waits, and takes jobs again when it is back', async () => {
  const posted = Array.from({ length: 8 }, () =>
    postFakeJob(hub, { units: 1 }).catch(() => undefined),
  );
  await hub.close();
  const ends = (await Promise.all(posted)).map((answer) => answer?.status ?? 'cut off');
  for (const end of ends) expect([201, 503, 'cut off']).toContain(end);
  await hub.open();
  expect((await postFakeJob(hub, { units: 1 })).status).toBe(201);
});
