import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openTestFolder } from '#node/test-folder.ts';
import { openWallet } from './wallet.ts';

const folder = openTestFolder();

it('a wallet that was made is found again in its file of 64 numbers', async () => {
  const file = join(folder, 'keys', 'made.json');
  const { address, key } = await openWallet(file, { make: true });
  expect((await openWallet(file)).address).toBe(address);
  const numbers = JSON.parse(await readFile(file, 'utf8')) as number[];
  expect(numbers).toHaveLength(64);
  expect(numbers.slice(32)).toEqual([...key]);
});

it.each([
  ['no numbers', (_: number[]) => 'secret'],
  ['too few numbers', (numbers: number[]) => numbers.slice(1)],
  ['numbers that are no bytes', (numbers: number[]) => numbers.map(() => 300)],
  ['halves of two keys', ([first = 0, ...rest]: number[]) => [first ^ 1, ...rest]],
])('a file with %s is refused', async (_, spoil) => {
  const file = join(folder, 'spoiled.json');
  const made = join(folder, 'keys', 'other.json');
  await openWallet(made, { make: true });
  const numbers = JSON.parse(await readFile(made, 'utf8')) as number[];
  await writeFile(file, JSON.stringify(spoil(numbers)));
  await expect(openWallet(file)).rejects.toThrow('is no wallet file');
  await expect(openWallet(join(folder, 'missing.json'))).rejects.toThrow('there is no wallet file');
});
