import { statfs } from 'node:fs/promises';
import type { Refusal } from '#protocol/values/refusal.ts';
import { diskFull } from './disk-error.ts';

/** Left free for the database, which has to go on when uploads have filled the disk. */
export const FREE_BYTES_MIN = 128 * 1024 * 1024;
/** How much all writers together write between two looks at what is free. */
const LOOK_EVERY_BYTES = 16 * 1024 * 1024;

/** Looks at what is free on the disk of a folder while files are written there. */
export interface SpaceGuard {
  /** Before so many bytes are written; a refusal where they would take what is to be left free. */
  take(bytes: number): Promise<Refusal | undefined>;
}

/** Opens a guard for all who write under a folder; `freeBytesMin` are left free. */
export function openSpaceGuard(folder: string, freeBytesMin = FREE_BYTES_MIN): SpaceGuard {
  let unlooked = 0;
  return {
    async take(bytes) {
      unlooked -= bytes;
      if (unlooked >= 0) return undefined;
      const { bavail, bsize } = await statfs(folder);
      const free = bavail * bsize - freeBytesMin - bytes;
      unlooked = Math.min(LOOK_EVERY_BYTES, free);
      return free < 0 ? diskFull() : undefined;
    },
  };
}
