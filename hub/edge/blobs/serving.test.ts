import { beforeAll, expect, it } from 'vitest';
import { openFileTree } from '#protocol/bytes/file-tree.ts';
import { makeFakeKey } from '../sockets/fake-client.ts';
import { fakeModel, postFakeJob } from '../sockets/fake-job.ts';
import { openTestHub, refusalOf } from '../test-hub.ts';

const verifierKey = makeFakeKey();
const hub = openTestHub(() => ({ verifierKeys: [verifierKey.key] }));

const tree = openFileTree();
tree.push(fakeModel);
const { root } = tree.finish();

beforeAll(async () => {
  expect((await postFakeJob(hub, { units: 1 })).status).toBe(201);
});

it('a hub serves the model by its root, whole, by range, by condition, and its pieces', async () => {
  const url = `/v1/blobs/${root}`;
  const whole = await hub.call(url);
  expect(Buffer.from(await whole.arrayBuffer()).equals(fakeModel)).toBe(true);
  expect(Object.fromEntries(whole.headers)).toMatchObject({
    etag: `"${root}"`,
    'accept-ranges': 'bytes',
    'content-length': String(fakeModel.length),
    'cache-control': 'private, max-age=31536000, immutable',
  });
  const tail = await hub.call(url, { headers: { Range: 'bytes=-5' } });
  expect(tail.status).toBe(206);
  expect(Buffer.from(await tail.arrayBuffer()).equals(fakeModel.subarray(-5))).toBe(true);
  const past = await hub.call(url, { headers: { Range: 'bytes=999999-' } });
  expect(past.headers.get('content-range')).toBe(`bytes */${fakeModel.length}`);
  expect(await refusalOf(past)).toEqual({ status: 416, code: 'range-invalid' });
  expect((await hub.call(url, { headers: { 'If-None-Match': `"${root}"` } })).status).toBe(304);
  const other = { Range: 'bytes=0-1', 'If-Range': '"another"' };
  expect((await hub.call(url, { headers: other })).status).toBe(200);
  const head = await hub.call(url, { method: 'HEAD' });
  expect([head.status, head.headers.get('content-length')]).toEqual([
    200,
    String(fakeModel.length),
  ]);
  expect((await (await hub.call(`${url}/pieces`)).arrayBuffer()).byteLength).toBe(0);
  const unknown = await hub.call(`/v1/blobs/${'00'.repeat(32)}`);
  expect(await refusalOf(unknown)).toEqual({ status: 404, code: 'blob-unknown' });
});
