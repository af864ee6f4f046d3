import { type Refusal, refusal } from '#protocol/values/refusal.ts';

const DISK_FULL = 'the disk is full, nothing was kept; free some space and send it again';

export const diskFull = (): Refusal => refusal('disk-full', DISK_FULL);

/** What a failed call on a file means to the one who sent the bytes; undefined for other errors. */
export function explainDiskError(error: unknown): Refusal | undefined {
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return undefined;
  if (error.code === 'ENOSPC' || error.code === 'EDQUOT') return diskFull();
  return refusal(
    'storage-failed',
    // The code alone: the rest of it names folders of this machine, and strangers ask for blobs.
    `the blob folder failed (${String(error.code)}); the operator checks the disk and its permissions, then retry`,
  );
}

/** A refusal as anyone may read it: what the disk says, paths among it, is for the log alone. */
export const forStrangers = (refused: Refusal): Refusal =>
  refused.code === 'storage-failed'
    ? refusal('storage-failed', 'the disk of the hub failed; try again later, its log says why')
    : refused;
