import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readTexts } from '../tidy/tree.ts';
import { readBlocks } from './blocks.ts';

const fence = (lang: string, text: string) => `\`\`\`${lang}\n${text}\n\`\`\`\n`;

it('a block runs, stays up or does not, as the comment before it says', () => {
  const page = [
    `# A page\n\n${fence('sh', 'ls\npwd')}`,
    `<!-- not run: it takes a day -->\n${fence('python', 'pass')}`,
    `<!-- stays up; ready at: "ready":true -->\n\n${fence('sh', 'serve')}`,
    `<!-- not run: of another block -->\nwords\n${fence('ts', 'go();')}`,
    fence('json', '{}'),
    fence('', 'said'),
  ].join('\n');
  expect(readBlocks('a.md', page)).toEqual([
    { page: 'a.md', line: 3, lang: 'sh', text: 'ls\npwd\n', use: { type: 'run' } },
    expect.objectContaining({ lang: 'python', use: { type: 'not-run', reason: 'it takes a day' } }),
    expect.objectContaining({ text: 'serve\n', use: { type: 'stays-up', ready: '"ready":true' } }),
    expect.objectContaining({ lang: 'ts', use: { type: 'run' } }),
  ]);
});

it('a block of a language that is neither run nor shown is refused', () => {
  expect(() => readBlocks('a.md', fence('bash', 'ls'))).toThrow('a.md:1: a block of bash');
});

it('every block of our pages is one that runs or is shown', () => {
  const pages = [...readTexts(join(import.meta.dirname, '../..'))].filter(([path]) =>
    path.endsWith('.md'),
  );
  const blocks = pages.flatMap(([path, text]) => readBlocks(path, text));
  expect(blocks.length).toBeGreaterThan(20);
});
