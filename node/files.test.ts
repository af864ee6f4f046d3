import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openTestFolder } from '#node/test-folder.ts';
import { hasCode, readIfThere, readTextIfThere, replaceFile, writeDurably } from './files.ts';

const folder = openTestFolder();

it('reading a file that is missing gives undefined, and any other failure throws', async () => {
  expect(await readIfThere(join(folder, 'none'))).toBeUndefined();
  expect(await readTextIfThere(join(folder, 'none'))).toBeUndefined();
  const failure = await readIfThere(folder).catch((error: unknown) => error);
  expect(hasCode(failure, 'EISDIR')).toBe(true);
});

it('replacing a file leaves the new content alone, readable by its owner', async () => {
  const here = join(folder, 'book.json');
  await replaceFile(here, 'first');
  await replaceFile(here, new TextEncoder().encode('second'));
  expect(await readTextIfThere(here)).toBe('second');
  expect((await stat(here)).mode & 0o777).toBe(0o600);
  expect((await readdir(folder)).filter((name) => name.endsWith('.new'))).toEqual([]);
});

it('a replacement that a crash left half done is no obstacle', async () => {
  const file = join(folder, 'torn.json');
  await replaceFile(file, 'whole');
  await writeFile(`${file}.new`, 'ha');
  expect(await readTextIfThere(file)).toBe('whole');
  await replaceFile(file, 'newer');
  expect(await readFile(file, 'utf8')).toBe('newer');
});

it('writing with `wx` refuses a file that is there', async () => {
  const file = join(folder, 'once');
  await writeDurably(file, 'a', { flag: 'wx' });
  const failure = await writeDurably(file, 'b', { flag: 'wx' }).catch((error: unknown) => error);
  expect(hasCode(failure, 'EEXIST')).toBe(true);
});
