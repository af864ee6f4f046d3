import { open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Whether an error of the system has this code, such as `ENOENT`. */
export const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;

/** The file's bytes, or undefined when there is no such file. */
export async function readIfThere(file: string): Promise<Buffer | undefined> {
  try {
    return await readFile(file);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** The file's text (UTF-8), or undefined when there is no such file. */
export const readTextIfThere = async (file: string): Promise<string | undefined> =>
  (await readIfThere(file))?.toString('utf8');

/** Writes a file and syncs it to the disk; its name is durable once its folder is synced too. */
export async function writeDurably(
  file: string,
  content: string | Uint8Array,
  { mode = 0o600, flag = 'w' }: { mode?: number; flag?: 'w' | 'wx' } = {},
): Promise<void> {
  const handle = await open(file, flag, mode);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Replaces a file whole and durably: a crash leaves the old content or the new one. */
export async function replaceFile(
  file: string,
  content: string | Uint8Array,
  mode = 0o600,
): Promise<void> {
  const draft = `${file}.new`;
  await writeDurably(draft, content, { mode });
  await rename(draft, file);
  await syncFolder(dirname(file));
}

/**
 * Syncs a folder to the disk: the name of a new file is durable only when its folder is. Windows
 * has no such call and needs none.
 */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
