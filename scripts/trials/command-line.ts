import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelView } from '#protocol/api/models.ts';
import type { TaskName } from '#protocol/tasks/task.ts';
import { runCommand } from '../command.ts';
import type { CaseFile } from '../tasks/cases.ts';
import type { Grid } from './grid.ts';

const COMMAND_MS_MAX = 10 * 60_000;

/** A folder with a model as it is published, and files that a job of it takes. */
export interface Order {
  model: string;
  task: TaskName;
  files: readonly CaseFile[];
  /** For files and results. */
  folder: string;
}

/**
 * Does what a developer does: `pocketgrid model add` with a folder, then `pocketgrid run` with the id
 * that this gave. Gives the lines of results. Throws what the program said when it did not end well.
 */
export async function orderResults(grid: Grid, { model, task, files, folder }: Order) {
  await mkdir(folder, { recursive: true });
  const { id } = (await run(grid, 'model', 'add', model)) as ModelView;
  const inputs = files.map(({ name }) => join(folder, name));
  for (const [at, { bytes }] of files.entries()) await writeFile(inputs[at] ?? '', bytes);
  const out = join(folder, 'answers.jsonl');
  await run(grid, 'run', ...inputs, '-o', out, '--model', id, '--task', task);
  return (await readFile(out, 'utf8')).trim().split('\n');
}

/** The answer of a command, as one value of JSON. */
async function run({ url, key }: Grid, ...words: string[]): Promise<unknown> {
  const command = [process.execPath, 'cli/pocketgrid.mjs', ...words, '--json'];
  const env = { POCKETGRID_HUB: url, POCKETGRID_KEY: key };
  const { code, text } = await runCommand(command, { timeoutMs: COMMAND_MS_MAX, env });
  if (code !== 0) throw new Error(`pocketgrid ${words.join(' ')} ended with ${code}: ${text}`);
  return JSON.parse(text);
}
