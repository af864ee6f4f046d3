import { cp, mkdir, readdir, stat, statfs } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { hasCode, syncFolder } from '#node/files.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import { copyDatabase } from './database/connection.ts';

/** What a hub keeps beside its database. Blobs are named by content: a copy is never half old. */
const FOLDERS = ['keys', 'blobs'];
/** Free space that a copy of the database needs, by its size: SQLite builds it apart. */
const SPACE = 2;

/**
 * Copies what a hub keeps into an empty folder, while the hub runs: the facts up to some moment, and
 * every blob that they name. A hub opens the copy as it opens its own folder. The log of writes
 * grows meanwhile.
 */
export async function backUpHub(data: string, to: string): Promise<Result<{ bytes: number }>> {
  const file = join(data, 'hub.db');
  const bytes = await sizeOf(file);
  if (bytes === undefined) {
    return refuse('request-invalid', `there is no hub in ${resolve(data)}; name it with --data`);
  }
  await mkdir(to, { recursive: true });
  if ((await readdir(to)).length > 0) {
    return refuse(
      'request-invalid',
      `${resolve(to)} is not empty; a backup needs a folder of its own`,
    );
  }
  const { bavail, bsize } = await statfs(to);
  if (bavail * bsize < SPACE * bytes) {
    const missing = Math.ceil((SPACE * bytes - bavail * bsize) / 2 ** 20);
    return refuse('disk-full', `${missing} MiB more must be free in ${resolve(to)}`);
  }
  await copyDatabase(file, join(to, 'hub.db'));
  for (const folder of FOLDERS) await copyFolder(join(data, folder), join(to, folder));
  await syncFolder(to);
  return accept({ bytes: (await sizeOf(join(to, 'hub.db'))) ?? 0 });
}

/** What is being received is no blob yet. */
const copyFolder = (from: string, to: string): Promise<void> =>
  cp(from, to, { recursive: true, filter: (path) => path !== join(from, 'incoming') });

async function sizeOf(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}
