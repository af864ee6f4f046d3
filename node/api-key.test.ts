import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readApiKey } from './api-key.ts';
import { openTestFolder } from './test-folder.ts';

const folder = openTestFolder();
const flag = '--key';
const env = { POCKETGRID_KEY: 'pg_of-the-environment' };

it('an API key comes from a file, else from the environment', async () => {
  const file = join(folder, 'key');
  await writeFile(file, 'pg_of-a-file\n');
  expect(await readApiKey(file, { flag, env })).toBe('pg_of-a-file');
  expect(await readApiKey(undefined, { flag, env })).toBe('pg_of-the-environment');
});

it('an API key does not come from the command line, and none is not guessed', async () => {
  await expect(readApiKey('pg_of-a-word', { flag, env })).rejects.toThrow(/--key .*POCKETGRID_KEY/);
  await expect(readApiKey(undefined, { flag, env: {} })).rejects.toThrow('--key is missing');
  await expect(readApiKey(join(folder, 'none'), { flag, env })).rejects.toThrow('cannot be read');
  await writeFile(join(folder, 'other'), 'a letter');
  await expect(readApiKey(join(folder, 'other'), { flag })).rejects.toThrow('holds no API key');
});
