import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fault } from '#protocol/values/refusal.ts';
import { lockFile } from './file-lock.ts';
import { hasCode } from './files.ts';

/**
 * Keeps other processes off a folder until it is called back or this process ends. Throws `busy`
 * where another one has it; `who` names what runs there.
 */
export async function lockFolder(folder: string, who: string): Promise<() => Promise<void>> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return lockFile(join(folder, 'lock')).catch((error: unknown) => {
    if (!hasCode(error, 'SQLITE_BUSY')) throw error;
    const message = `another ${who} uses ${folder}: stop that one, or choose another --data`;
    throw fault('busy', message, error);
  });
}
