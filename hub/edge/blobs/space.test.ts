import { statfs } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { openTestFolder } from '#node/test-folder.ts';
import { openSpaceGuard } from './space.ts';

const folder = openTestFolder();
const MEBIBYTE = 1024 * 1024;

test('writers together are stopped before they take what is to be left free', async () => {
  const { bavail, bsize } = await statfs(folder);
  const guard = openSpaceGuard(folder, bavail * bsize - 40 * MEBIBYTE);
  expect(await guard.take(MEBIBYTE)).toBeUndefined();
  expect(await guard.take(1_000 * MEBIBYTE)).toMatchObject({ code: 'disk-full' });
  // What was refused is not counted as written.
  expect(await guard.take(MEBIBYTE)).toBeUndefined();
});

test('a disk without room takes nothing', async () => {
  const guard = openSpaceGuard(folder, Number.MAX_SAFE_INTEGER);
  expect(await guard.take(1)).toMatchObject({ code: 'disk-full' });
  expect(await guard.take(1)).toMatchObject({ code: 'disk-full' });
});
