import { open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Refusal } from '#protocol/refusal.ts';
import { refusal } from '#protocol/refusal.ts';

export const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;

/** The file's text, or undefined when there is no such file. */
export async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** Replaces a file whole and durably: a crash leaves the old text or the new one. */
export async function replaceFile(file: string, text: string, mode = 0o600): Promise<void> {
  const draft = `${file}.new`;
  const handle = await open(draft, 'w', mode);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, file);
  await syncFolder(dirname(file));
}

/** A name is durable only when its folder is. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** What a failed write says across a boundary. */
export function refuseDisk(error: unknown): Refusal {
  const text = error instanceof Error ? error.message : String(error);
  if (hasCode(error, 'ENOSPC') || hasCode(error, 'EDQUOT')) {
    return refusal('disk-full', `the disk is full (${text}); free some space, work then goes on`);
  }
  return refusal('storage-failed', `${text}; check the data folder and its permissions`);
}
