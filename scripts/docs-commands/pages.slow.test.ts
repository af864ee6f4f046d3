import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openFakeHuggingFace } from '#node/fake-hugging-face.ts';
import { openTestGrid, openTestPrograms } from '#node/test-programs.ts';
import { buildClientPackage } from '../package-client/build.ts';
import { buildRepository } from '../tasks/repository.ts';
import { readTexts } from '../tidy/tree.ts';
import { type Block, readBlocks } from './blocks.ts';
import { writePage } from './page-script.ts';
import { openPython, type Python } from './python.ts';
import { openWorkplace, type PageHub, runPage } from './workplace.ts';

/**
 * The commands and programs of our pages, run page by page as they are written, against a real
 * grid: a page that a reader cannot follow fails here. All of them take minutes: `npm test` runs the
 * README's, `npm run test:pages` all.
 */
const PAGE_MS_MAX = 6 * 60_000;
const ROOT = join(import.meta.dirname, '../..');
const IS_ALL = process.env['PAGES'] === 'all';
/** The published model that our pages fetch: here a small one that is made. */
const PUBLISHED = 'Xenova/all-MiniLM-L6-v2';

const programs = openTestPrograms();
const hugging = openFakeHuggingFace();
let grid: PageHub;
let python: Python;
const client = join(programs.data, 'client');
const said: string[] = [];

const readPages = (): [string, Block[]][] =>
  [...readTexts(ROOT)]
    .filter(([path]) => path.endsWith('.md'))
    .map(([path, text]): [string, Block[]] => [path, readBlocks(path, text)])
    .filter(([path, blocks]) => blocks.length > 0 && (IS_ALL || path === 'README.md'))
    // Programs that a page starts join the grid: the other pages come first.
    .sort(([, one], [, other]) => Number(starts(one, '')) - Number(starts(other, '')));

/** Whether a page's own commands start a program of ours that stays up. */
const starts = (blocks: readonly Block[], program: string) =>
  blocks.some(({ use, text }) => use.type === 'stays-up' && text.includes(`npm run ${program}`));

beforeAll(async () => {
  hugging.repositories[PUBLISHED] = {
    files: Object.fromEntries(buildRepository('feature-extraction')),
  };
  if (IS_ALL) await buildClientPackage(client);
  python = IS_ALL ? await openPython(join(ROOT, '.build')) : { missing: 'npm run test:pages does' };
  if ('missing' in python) said.push(`nothing in Python runs: ${python.missing}`);
  const { url, key, contribute } = await openTestGrid(programs);
  contribute();
  grid = { port: new URL(url).port, key };
}, 6 * 60_000);

afterAll(() => process.stdout.write(`${said.join('\n')}\n`));

it.each(readPages())(
  'the commands of %s run',
  async (page, blocks) => {
    const hub = starts(blocks, 'hub') ? { port: await findPort() } : grid;
    const bin = 'bin' in python ? `${python.bin}:` : '';
    const env = { HF_ENDPOINT: hugging.url, PATH: `${bin}${process.env['PATH']}` };
    const script = writePage(blocks, {
      python: 'bin' in python ? 'python' : undefined,
      ts: 'node --import tsx',
    });
    for (const { block, reason } of script.left) {
      said.push(`${page}:${block.line} does not run: ${reason}`);
    }
    const folder = join(programs.data, page.replaceAll('/', '-'));
    await openWorkplace(folder, { ...hub, client });
    const ran = await runPage(script, {
      ...{ folder, hub: { ...hub, env }, timeoutMs: PAGE_MS_MAX - 10_000 },
    });
    expect(ran.code, `${ran.at}:\n${ran.text}`).toBe(0);
  },
  PAGE_MS_MAX,
);

/** A port that is free now. */
function findPort(): Promise<string> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' ? address?.port : undefined;
      server.close(() => resolve(String(port)));
    });
  });
}
