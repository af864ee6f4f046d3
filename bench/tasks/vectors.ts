import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { openProgram, readVerifierKey, runCommand } from '../command.ts';
import type { BenchContext } from '../figure.ts';
import { type BenchHub, openHub } from '../hub.ts';

const START_MS_MAX = 60_000;
const WORDS = 'the a cat dog sat on mat is was good bad film i love hate it not very'.split(' ');

type Place = Pick<BenchContext, 'folder'>;
export type File = { name: string; data: Blob };

/** The files of a small model of vectors, as it is published. */
export async function makeRepository(
  { folder }: Place,
  { hidden, tokens = 64 }: { hidden: number; tokens?: number },
): Promise<File[]> {
  const out = join(folder, 'repository');
  const words = ['--out', out, '--task', 'feature-extraction', '--hidden', `${hidden}`];
  words.push('--tokens', `${tokens}`);
  await runCommand(['npx', 'tsx', 'scripts/tasks/main.ts', ...words], START_MS_MAX);
  const files: File[] = [];
  for (const name of (await readdir(out, { recursive: true })).sort()) {
    const path = join(out, name);
    if (!(await stat(path)).isFile()) continue;
    files.push({ name, data: new Blob([new Uint8Array(await readFile(path))]) });
  }
  return files;
}

/** A hub with a verifier, each a process of its own. */
export async function openCheckedHub(context: BenchContext): Promise<BenchHub> {
  const verifier = join(context.folder, 'verifier');
  const key = await readVerifierKey(verifier);
  const hub = await openHub(context, join(context.folder, 'hub'), ['--verifier-key', key]);
  const own = ['--hub', hub.url, '--data', verifier];
  await openProgram(['verifier/main.ts', ...own], context).hear('ready', START_MS_MAX);
  return hub;
}

/** A contributor that works for the hub at `url`. */
export async function openContributor(
  context: BenchContext,
  url: string,
  name = 'contributor',
): Promise<void> {
  const device = ['--hub', url, '--data', join(context.folder, name)];
  await openProgram(['worker/edge/node/main.ts', ...device], context).hear('ready', START_MS_MAX);
}

/** Words of a sentence: no two sentences are the same. */
const PLACES = [0, 1, 2, 3, 4];

/** A text of so many tokens, those about it counted: each word is one. */
export const textOf = (number: number, tokens: number): string =>
  Array.from(
    { length: Math.max(1, tokens - 2) },
    (_, place) => WORDS[(number * 7 + place * 3) % WORDS.length],
  ).join(' ');

/** Short texts, the same in each run. */
export const sentences = (count: number): string[] =>
  Array.from({ length: count }, (_, at) =>
    PLACES.map((place) => WORDS[Math.floor(at / WORDS.length ** place) % WORDS.length]).join(' '),
  );
