import { expect, it } from 'vitest';
import { decodeFlags } from './flags.ts';

const HUB = ['--hub', 'http://127.0.0.1:8787'];

it('names where a contributor keeps its things', () => {
  expect(decodeFlags([...HUB, '--name', 'b', '--data', 'd'])).toMatchObject({
    folder: 'd/contributor-b',
    keyFile: 'd/keys/contributor-b.json',
    cheat: 0,
  });
  expect(decodeFlags(['--help'])).toBe('help');
});

it('reads where pay goes and what is given away', () => {
  const [address, job] = ['1'.repeat(32), 'job_0123456789abcdef'];
  expect(decodeFlags(HUB)).toMatchObject({ donates: 'none' });
  expect(decodeFlags([...HUB, '--payout', address, '--donate', 'all'])).toMatchObject({
    payout: address,
    donates: 'all',
  });
  expect(decodeFlags([...HUB, '--donate', `${job},${job}`])).toMatchObject({ donates: [job, job] });
});

it.each([
  [[], '--hub'],
  [['--hub', 'nowhere'], '--hub'],
  [[...HUB, '--name', '../b'], '--name'],
  [[...HUB, '--threads', '0'], '--threads'],
  [[...HUB, '--payout', 'l'.repeat(32)], '--payout'],
  [[...HUB, '--donate', 'some'], '--donate'],
  [[...HUB, '--cheat', '2'], '--cheat'],
  [[...HUB, '--cheat-kind', 'odd'], '--cheat-kind'],
])('%j is refused by the name of the flag', (words, flag) => {
  expect(decodeFlags(words)).toMatch(new RegExp(`^${flag} `));
});
