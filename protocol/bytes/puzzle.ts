import * as v from 'valibot';
import type { Nonce } from '../values/ids.ts';
import { Count } from '../values/units.ts';
import { hexToBytes, type Sha256, sha256 } from './digest.ts';

/** The dearest one takes a phone some five seconds. */
export const PUZZLE_BITS_MAX = 18;

/**
 * What a hub asks of a hello while many come: a number whose SHA-256, behind the challenge's nonce,
 * begins with so many zero bits.
 */
export const Puzzle = v.strictObject({
  bits: v.pipe(Count, v.minValue(1), v.maxValue(PUZZLE_BITS_MAX)),
});
export type Puzzle = v.InferOutput<typeof Puzzle>;

const NONCE_BYTES = 32;

/** Whether `answer` solves the puzzle of this nonce: SHA-256(nonce ‖ answer as u64 LE). */
export function isPuzzleSolved(
  { nonce, bits }: Puzzle & { nonce: Nonce },
  answer: number,
  hash: Sha256 = sha256,
): boolean {
  return zeroBits(hash(encodeAttempt(nonce, answer))) >= bits;
}

/** The first answer among `tries` numbers from `first` on, if there is one. */
export function solvePuzzle(
  { nonce, bits }: Puzzle & { nonce: Nonce },
  { first, tries }: { first: number; tries: number },
  hash: Sha256 = sha256,
): number | undefined {
  const attempt = encodeAttempt(nonce, first);
  const view = new DataView(attempt.buffer);
  for (let answer = first; answer < first + tries; answer += 1) {
    view.setBigUint64(NONCE_BYTES, BigInt(answer), true);
    if (zeroBits(hash(attempt)) >= bits) return answer;
  }
  return undefined;
}

function encodeAttempt(nonce: Nonce, answer: number): Uint8Array<ArrayBuffer> {
  const attempt = new Uint8Array(NONCE_BYTES + 8);
  attempt.set(hexToBytes(nonce));
  new DataView(attempt.buffer).setBigUint64(NONCE_BYTES, BigInt(answer), true);
  return attempt;
}

/** Zero bits at the beginning, at most 32. */
function zeroBits([a = 0, b = 0, c = 0, d = 0]: Uint8Array): number {
  return Math.clz32(((a << 24) | (b << 16) | (c << 8) | d) >>> 0);
}
