import { expect, it } from 'vitest';
import { must } from '#protocol/values/refusal.ts';
import { decodeContributorFlags as decodeFlags, placesOf } from './flags.ts';

const HUB = ['--hub', 'http://127.0.0.1:8787'];

it('names where a contributor keeps its things', () => {
  const flags = must(decodeFlags([...HUB, '--name', 'b', '--data', 'd']));
  expect(flags).toMatchObject({ cheat: 0, 'cheat-kind': 'flip' });
  expect(placesOf(flags as Exclude<typeof flags, 'help'>)).toEqual({
    folder: 'd/contributor-b',
    keyFile: 'd/keys/contributor-b.json',
  });
  expect(must(decodeFlags(['--help']))).toBe('help');
});

it('reads where pay goes and what is given away', () => {
  const [address, job] = ['1'.repeat(32), 'job_0123456789abcdef'];
  expect(must(decodeFlags(HUB))).toMatchObject({ donate: 'none' });
  expect(must(decodeFlags([...HUB, '--payout', address, '--donate', 'all']))).toMatchObject({
    payout: address,
    donate: 'all',
  });
  const some = must(decodeFlags([...HUB, '--donate', `${job},${job}`]));
  expect(some).toMatchObject({ donate: [job, job] });
});

it('reads what is blocked by the form of each word', () => {
  const none = { jobs: [], developers: [], categories: [] };
  expect(must(decodeFlags(HUB))).toMatchObject({ block: none });
  const [job, developer] = ['job_0123456789abcdef', 'dev_0123456789abcdef'];
  const some = must(decodeFlags([...HUB, '--block', `${job},audio,${developer},vision`]));
  const block = { jobs: [job], developers: [developer], categories: ['audio', 'vision'] };
  expect(some).toMatchObject({ block });
});

it.each([
  [[], '--hub'],
  [['--hub', 'nowhere'], '--hub'],
  [[...HUB, '--name', '../b'], '--name'],
  [[...HUB, '--threads', '0'], '--threads'],
  [[...HUB, '--payout', 'l'.repeat(32)], '--payout'],
  [[...HUB, '--donate', 'some'], '--donate'],
  [[...HUB, '--block', 'war'], '--block'],
  [[...HUB, '--block', 'job_1'], '--block'],
  [[...HUB, '--cheat', '2'], '--cheat'],
  [[...HUB, '--cheat-kind', 'odd'], '--cheat-kind'],
])('%j is refused by the name of the flag', (words, flag) => {
  const flags = decodeFlags(words);
  expect(flags.ok ? '' : flags.refusal.message).toMatch(new RegExp(`^${flag}\\b`));
});
