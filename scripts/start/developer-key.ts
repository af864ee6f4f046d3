import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/**
 * The developer's key of a hub's data folder. The hub shows a key once and keeps only its hash;
 * this keeps it in `DATA/keys/developer.key` (mode 0600), so that later starts use the same one.
 */
export async function readDeveloperKey(data: string): Promise<string | undefined> {
  const text = await readFile(fileOf(data), 'utf8').catch(() => '');
  return text.trim() === '' ? undefined : text.trim();
}

export async function writeDeveloperKey(data: string, key: string): Promise<void> {
  await mkdir(dirname(fileOf(data)), { recursive: true, mode: 0o700 });
  await writeFile(fileOf(data), `${key}\n`, { mode: 0o600 });
}

const fileOf = (data: string) => join(data, 'keys', 'developer.key');
