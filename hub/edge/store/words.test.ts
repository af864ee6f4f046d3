import { expect, test } from 'vitest';
import { openMemoryDatabase } from './database/open.ts';
import { migrate } from './migrate.ts';
import { openWords } from './words.ts';

async function openWorld() {
  const database = await openMemoryDatabase();
  await migrate(database);
  const words = await openWords(database);
  const write = async (texts: readonly string[]) => {
    const entered = await words.enter(texts);
    await database.write([entered.statement]);
    entered.keep();
    return texts.map(entered.numberOf);
  };
  return { database, words, write };
}

test('words keep their numbers, in memory and on disk', async () => {
  const { database, write } = await openWorld();
  expect(await write(['a', 'größer', 'a'])).toEqual([1, 2, 1]);
  expect(await write(['größer', 'c'])).toEqual([2, 3]);
  const again = await openWords(database);
  expect(['c', 'd', 'a'].map((await again.enter(['c', 'd', 'a'])).numberOf)).toEqual([3, 4, 1]);
  expect(await again.tell((textOf) => [2, 1].map(textOf))).toEqual(['größer', 'a']);
});

test('words that did not get to the disk give their numbers to the next', async () => {
  const { words, write } = await openWorld();
  expect((await words.enter(['lost'])).numberOf('lost')).toBe(1);
  expect(await write(['a', 'lost'])).toEqual([1, 2]);
});

test('more words than memory keeps are read from the disk', async () => {
  const { words, write } = await openWorld();
  const many = Array.from({ length: 33_000 }, (_, at) => `word ${at}`);
  await write(many);
  expect(await write(['word 0', 'new'])).toEqual([1, 33_001]);
  expect(await words.tell((textOf) => many.map((_, at) => textOf(at + 1)))).toEqual(many);
});

test('what fails for want of a word is done again when the word is there', async () => {
  const { database, write } = await openWorld();
  await write(['a']);
  const words = await openWords(database);
  const need = (text: string | undefined): string => {
    if (text === undefined) throw new Error('no text');
    return text;
  };
  expect(await words.tell((textOf) => need(textOf(1)))).toBe('a');
  await expect(words.tell(() => need(undefined))).rejects.toThrow('no text');
});

test('a number that no word has is refused', async () => {
  const { words } = await openWorld();
  await expect(words.tell((textOf) => textOf(7))).rejects.toMatchObject({
    refusal: { code: 'storage-failed' },
  });
});
