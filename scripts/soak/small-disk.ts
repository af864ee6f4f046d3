import { execFile, execFileSync } from 'node:child_process';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const CHUNKS_BYTES = [1024 * 1024, 4096];

/** A disk of its own, in memory. */
export interface SmallDisk {
  /** Writes until nothing more goes on it. */
  fill(): Promise<void>;
  /** What filled it goes. */
  free(): Promise<void>;
  close(): void;
}

/** Mounts a tmpfs over a folder; why not, where this user may not. */
export async function openSmallDisk(
  folder: string,
  mebibytes: number,
): Promise<SmallDisk | string> {
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', folder]);
  } catch (error) {
    return `no small disk can be mounted here: ${String((error as Error).message).trim()}`;
  }
  const ballast = join(folder, 'ballast');
  // However this program ends; what still has a file open must not keep the mount.
  const unmount = () => void execFileSync('umount', ['--lazy', folder]);
  process.on('exit', unmount);
  return {
    async fill() {
      const file = await open(ballast, 'a');
      try {
        for (const bytes of CHUNKS_BYTES) await writeAll(file, new Uint8Array(bytes));
      } finally {
        await file.close();
      }
    },
    free: () => rm(ballast, { force: true }),
    close() {
      process.off('exit', unmount);
      unmount();
    },
  };
}

async function writeAll(
  file: { write(bytes: Uint8Array): Promise<unknown> },
  chunk: Uint8Array,
): Promise<void> {
  for (;;) {
    try {
      await file.write(chunk);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return;
      throw error;
    }
  }
}
