import { sha256, utf8ToBytes } from '#protocol/bytes/digest.ts';

/** A key that is the same in every run. */
export const keyOf = (name: string): Uint8Array => sha256(utf8ToBytes(`vector key ${name}`));
