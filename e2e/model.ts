import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Grid } from './grid.ts';

/** Makes a small model of vectors, as it is published, and has the hub keep it. */
export const addVectorModel = (
  grid: Pick<Grid, 'url' | 'key' | 'folder'>,
  { name, hidden }: { name: string; hidden: number },
): Promise<void> =>
  addTaskModel(grid, { name, task: 'feature-extraction', more: ['--hidden', `${hidden}`] });

/** Makes a small model of a task, as it is published, and has the hub keep it. */
export async function addTaskModel(
  { url, key, folder }: Pick<Grid, 'url' | 'key' | 'folder'>,
  { name, task, more = [] }: { name: string; task: string; more?: readonly string[] },
): Promise<void> {
  const out = join(folder, 'repository');
  const words = ['scripts/tasks/main.ts', '--out', out, '--task', task];
  await promisify(execFile)(process.execPath, ['--import', 'tsx', ...words, ...more]);
  const form = new FormData();
  for (const each of await readdir(out, { recursive: true, withFileTypes: true })) {
    if (!each.isFile()) continue;
    const path = join(each.parentPath, each.name);
    const bytes = new Uint8Array(await readFile(path));
    form.append('model', new Blob([bytes]), path.slice(out.length + 1));
  }
  form.append('options', JSON.stringify({ name }));
  const headers = { Authorization: `Bearer ${key}` };
  const init = { method: 'POST', body: form, headers };
  const { status } = await fetch(`${url}/v1/models`, init);
  if (status !== 201) throw new Error(`the hub did not take the model: ${status}`);
}
