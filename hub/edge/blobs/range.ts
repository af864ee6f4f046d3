import type { Root } from '#protocol/values/ids.ts';
import { type Result, refuse } from '#protocol/values/refusal.ts';

/** What is wrong with reading [offset, offset + length) of a blob of `size` bytes, if anything. */
export function checkRange(
  size: number,
  offset: number,
  length: number,
): Result<never> | undefined {
  const whole = Number.isSafeInteger(offset) && Number.isSafeInteger(length);
  if (whole && offset >= 0 && length >= 0 && offset + length <= size) return undefined;
  return refuse('range-invalid', `the blob has ${size} bytes; ask for a range within them`);
}

/** Refuses a blob that is not here, and says the way out. */
export const unknownBlob = (root: Root): Result<never> =>
  refuse(
    'blob-unknown',
    `this hub holds no blob ${root}; upload it, or ask the peer that named it`,
  );

export const emptyBlob = (): Result<never> =>
  refuse('input-empty', 'a blob holds at least one byte; leave an empty file out');

export const longBlob = (code: Parameters<typeof refuse>[0], limit: number): Result<never> =>
  refuse(code, `the upload is longer than ${limit} bytes; make it smaller or split it`);
