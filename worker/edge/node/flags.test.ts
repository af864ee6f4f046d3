import { expect, it } from 'vitest';
import { decodeFlags } from './flags.ts';

const HUB = ['--hub', 'http://127.0.0.1:8787'];

it('names where a contributor keeps its things', () => {
  expect(decodeFlags([...HUB, '--name', 'b', '--data', 'd'])).toMatchObject({
    folder: 'd/contributor-b',
    keyFile: 'd/keys/contributor-b.json',
    every: 0,
    cheat: 0,
  });
  expect(decodeFlags(['--help'])).toBe('help');
});

it.each([
  [[], '--hub'],
  [['--hub', 'nowhere'], '--hub'],
  [[...HUB, '--name', '../b'], '--name'],
  [[...HUB, '--threads', '0'], '--threads'],
  [[...HUB, '--forced-errors', '1'], '--forced-errors'],
  [[...HUB, '--forced-errors', '0.5'], '--forced-errors'],
  [[...HUB, '--cheat', '2'], '--cheat'],
  [[...HUB, '--cheat-kind', 'odd'], '--cheat-kind'],
])('%j is refused by the name of the flag', (words, flag) => {
  expect(decodeFlags(words)).toMatch(new RegExp(`^${flag} `));
});
