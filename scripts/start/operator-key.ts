import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { runCommand } from '../command.ts';

const ADD_MS_MAX = 30_000;

/**
 * An operator's key of a hub's data folder. The hub shows a key once and keeps only its hash; this
 * keeps it in `DATA/keys/operator.key` (mode 0600), so that later starts use the same one.
 */
export async function readOperatorKey(data: string): Promise<string | undefined> {
  const text = await readFile(fileOf(data), 'utf8').catch(() => '');
  return text.trim() === '' ? undefined : text.trim();
}

export async function writeOperatorKey(data: string, key: string): Promise<void> {
  await mkdir(dirname(fileOf(data)), { recursive: true, mode: 0o700 });
  await writeFile(fileOf(data), `${key}\n`, { mode: 0o600 });
}

/** Makes one more, of a hub whose first key is lost; the hub may run. */
export async function addOperatorKey(data: string): Promise<string> {
  const words = ['keys', 'add', 'npm start', '--operator', '--data', data];
  const command = [process.execPath, '--import', 'tsx', 'hub/main.ts', ...words];
  const { code, text } = await runCommand(command, { timeoutMs: ADD_MS_MAX });
  const key = /^pg_\S+$/m.exec(text)?.[0];
  if (code === 0 && key !== undefined) return key;
  throw new Error(`The hub could not make a key:\n${text.trim()}`);
}

const fileOf = (data: string) => join(data, 'keys', 'operator.key');
