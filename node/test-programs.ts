import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { afterAll } from 'vitest';
import { COMPILED } from './compiled.ts';
import { openTestFolder } from './test-folder.ts';

type ReadyLine = Partial<Record<'url' | 'hub' | 'key' | 'log' | 'genesisHash', string>>;

/** A program of ours, run by a test as a process of its own. */
export interface TestProgram {
  child: ChildProcessByStdio<null, Readable, Readable>;
  /** The JSON of its ready line; rejects with what it said when it ends before. */
  ready: Promise<ReadyLine>;
  /** Its exit status, all it said, and what of it on standard error. */
  ended: Promise<{ code: number | null; text: string; errors: string }>;
}

/**
 * Starts `FILE.ts WORDS…`, named from the root of the repository, as it was compiled for this run;
 * flags of Node go before.
 */
export function startProgram(...words: string[]): TestProgram {
  const compiled = words.map((word) =>
    /^\w[\w/-]+\.ts$/.test(word) ? `${word.slice(0, -3)}.js` : word,
  );
  const child = spawn(process.execPath, ['--enable-source-maps', ...compiled], {
    cwd: COMPILED,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { text: '', errors: '' };
  child.stderr.on('data', (chunk) => {
    said.text += String(chunk);
    said.errors += String(chunk);
  });
  const ready = new Promise<ReadyLine>((resolve, reject) => {
    child.stdout.on('data', (chunk) => {
      said.text += String(chunk);
      const line = said.text.split('\n').find((each) => each.startsWith('{'));
      if (line !== undefined && said.text.endsWith('\n')) resolve(JSON.parse(line));
    });
    child.on('close', () => reject(new Error(`${words.join(' ')} was never ready:\n${said.text}`)));
  });
  // A program that is only run to its end is never ready.
  ready.catch(() => undefined);
  const ended = new Promise<{ code: number | null; text: string; errors: string }>((resolve) => {
    child.on('close', (code) => resolve({ code, ...said }));
  });
  return { child, ready, ended };
}

/** Programs that the tests of a file start, ended with them, and a folder for their data. */
export function openTestPrograms(): { data: string; start: typeof startProgram } {
  const data = openTestFolder();
  const programs: TestProgram[] = [];
  afterAll(async () => {
    for (const { child } of programs) child.kill('SIGKILL');
    await Promise.all(programs.map(({ ended }) => ended));
  });
  return {
    data,
    start(...words) {
      const program = startProgram(...words);
      programs.push(program);
      return program;
    },
  };
}

/** A hub with a verifier, each a process of its own; a device comes, by its name, when a test calls one. */
export interface TestGrid {
  url: string;
  /** The operator's. */
  key: string;
  contribute(name?: string): TestProgram;
}

/** Starts a grid among the programs of a file. */
export async function openTestGrid({
  data,
  start,
}: ReturnType<typeof openTestPrograms>): Promise<TestGrid> {
  const own = ['--data', join(data, 'verifier')];
  const key = await start('verifier/main.ts', '--print-key', ...own).ended;
  const words = ['hub/main.ts', '--port', '0', '--data', join(data, 'hub')];
  const ready = await start(...words, '--verifier-key', key.text.trim()).ready;
  const url = String(ready.url);
  await start('verifier/main.ts', '--hub', url, ...own).ready;
  return {
    url,
    key: String(ready.key),
    contribute: (name = 'contributor') =>
      start('worker/edge/node/main.ts', '--hub', url, '--data', join(data, name)),
  };
}
