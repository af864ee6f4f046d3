import { afterEach, beforeEach, expect, test } from 'vitest';
import { DIGEST_BYTES } from '#protocol/bytes/digest.ts';
import { pieceCount } from '#protocol/bytes/file-tree.ts';
import { MODEL_FILE_BYTES_MAX } from '#protocol/messages/control.ts';
import type { Root } from '#protocol/values/ids.ts';
import { openHttpSource } from './http-source.ts';
import { fakeHub } from './node/fake-hub.ts';

const root = 'ab'.repeat(32) as Root;
const other = 'cd'.repeat(32) as Root;
const data = new Uint8Array(1_000).map((_, at) => at & 0xff);
const layer = new Uint8Array(64).fill(5);

let hub: Awaited<ReturnType<typeof fakeHub>>;
beforeEach(async () => {
  hub = await fakeHub({ root, data, layer });
});
afterEach(() => hub.close());

test('a range is exactly what was asked for', async () => {
  const source = openHttpSource(hub.url);
  expect(await source.range(root, 100, 50)).toEqual(data.slice(100, 150));
  expect(await source.range(root, 990, 10)).toEqual(data.slice(990));
  expect(await source.pieces(root)).toEqual(layer);
});

test('a server that ignores ranges is understood', async () => {
  hub.ignoresRanges = true;
  const source = openHttpSource(hub.url);
  expect(await source.range(root, 0, 50)).toEqual(data.slice(0, 50));
  expect(await source.range(root, 100, 50)).toEqual(data.slice(100, 150));
  expect(await source.range(root, 0, 1_000)).toEqual(data);
});

test('a body that is too short is refused', async () => {
  const source = openHttpSource(hub.url);
  await expect(source.range(root, 990, 50)).rejects.toThrow('asked for 50 bytes and got 10');
});

test('a download of what the hub does not have fails', async () => {
  const source = openHttpSource(hub.url);
  await expect(source.range(other, 0, 1)).rejects.toThrow(
    'download-failed: the hub did not give a blob',
  );
  await expect(source.pieces(other)).rejects.toThrow(
    'download-failed: the hub did not give a blob',
  );
});

test('the piece layer of the largest model is read, a longer one is refused', async () => {
  const most = pieceCount(MODEL_FILE_BYTES_MAX) * DIGEST_BYTES;
  hub.layer = new Uint8Array(most);
  expect(await openHttpSource(hub.url).pieces(root)).toEqual(hub.layer);
  hub.layer = new Uint8Array(most + DIGEST_BYTES);
  await expect(openHttpSource(hub.url).pieces(root)).rejects.toThrow(`more than ${most} bytes`);
});

test('a hub that is gone, or hangs up half-way, is a download that failed', async () => {
  const source = openHttpSource(hub.url);
  hub.breakAfter(0);
  await expect(source.range(root, 0, 50)).rejects.toThrow(
    'download-failed: the hub did not give a blob',
  );
  await hub.close();
  await expect(source.range(root, 0, 50)).rejects.toThrow(
    'download-failed: the hub did not give a blob',
  );
});
