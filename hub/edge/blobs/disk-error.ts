import { type Refusal, refusal } from '#protocol/values/refusal.ts';

const DISK_FULL = 'the disk is full, nothing was kept; free some space and send it again';

export const diskFull = (): Refusal => refusal('disk-full', DISK_FULL);

/** What a failed call on a file means to the one who sent the bytes; undefined for other errors. */
export function explainDiskError(error: unknown): Refusal | undefined {
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return undefined;
  if (error.code === 'ENOSPC' || error.code === 'EDQUOT') return diskFull();
  return refusal(
    'storage-failed',
    `the blob folder failed (${error.message}); check the disk and its permissions, then retry`,
  );
}
