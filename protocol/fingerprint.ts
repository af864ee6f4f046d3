import { concatBytes, digest, hexToBytes, sha256 } from './digest.ts';
import { encodeHalf } from './float16.ts';
import type { Digest } from './ids.ts';

/** Names the arithmetic below; another one would give other bytes. */
export const FINGERPRINT_VERSION = 'pocketgrid/fingerprint@1';

/** Taps of a model at most, and numbers kept of each: 4 × 32 halves are 256 bytes. */
export const TAPS_MAX = 4;
export const PROJECTION_SIZE = 32;
export const FINGERPRINT_BYTES_MAX = TAPS_MAX * PROJECTION_SIZE * 2;

const CONTEXT = Uint8Array.from(FINGERPRINT_VERSION, (character) => character.charCodeAt(0));

/** What a device commits to beside its outputs: SHA-256 of the taps' bytes, end to end. */
export const digestTaps = (taps: readonly Float32Array[]): Digest =>
  digest(concatBytes(...taps.map(encodeTap)));

/** 32-bit floats, little-endian. */
function encodeTap(tap: Float32Array): Uint8Array {
  const view = new DataView(new ArrayBuffer(tap.length * 4));
  for (const [place, value] of tap.entries()) view.setFloat32(place * 4, value, true);
  return new Uint8Array(view.buffer);
}

/**
 * The seed of a projection, H(σ ‖ c): the log entry of a commitment, which the hub gives only after
 * it, and the commitment. A device that has committed to its taps cannot have known it.
 */
export const projectionSeed = (entry: Digest, commitment: Digest): Uint8Array =>
  sha256(concatBytes(CONTEXT, hexToBytes(entry), hexToBytes(commitment)));

/**
 * The fingerprint of a unit: each tap (of all its items, end to end) times a random matrix of ±1 ÷
 * √32, in halves, little-endian; 64 bytes a tap. Distances survive it (Achlioptas, 2003), so an
 * honest device stays as near as its taps are. Signs are bits of SHA-256, so no engine draws others,
 * and sums run from the first value to the last in 64 bits.
 *
 * `scales` divides each tap, so that halves neither overflow nor vanish: its RMS from calibration.
 * Throws a RangeError for too many taps, or a scale that is not a positive number.
 */
export function projectTaps(
  taps: readonly Float32Array[],
  seed: Uint8Array,
  scales: readonly number[],
): Uint8Array {
  if (taps.length > TAPS_MAX) throw new RangeError(`a unit has at most ${TAPS_MAX} taps`);
  const bytes = new Uint8Array(taps.length * PROJECTION_SIZE * 2);
  const view = new DataView(bytes.buffer);
  for (const [number, tap] of taps.entries()) {
    const scale = scales[number] ?? 0;
    if (!(scale > 0 && Number.isFinite(scale))) throw new RangeError('a scale must be positive');
    const sums = projectTap(tap, openSigns(seed, number));
    const divisor = scale * Math.sqrt(PROJECTION_SIZE);
    for (const [place, sum] of sums.entries()) {
      view.setUint16((number * PROJECTION_SIZE + place) * 2, encodeHalf(sum / divisor), true);
    }
  }
  return bytes;
}

/** One word of signs for each value: bit j is its sign in sum j, 1 for minus. */
function projectTap(tap: Float32Array, nextSigns: () => number): Float64Array {
  const sums = new Float64Array(PROJECTION_SIZE);
  for (const value of tap) {
    const signs = nextSigns();
    for (let place = 0; place < PROJECTION_SIZE; place += 1) {
      const negative = (signs >>> place) & 1;
      sums[place] = (sums[place] ?? 0) + (negative === 1 ? -value : value);
    }
  }
  return sums;
}

const WORDS = 8;

/** Words of SHA-256(context ‖ seed ‖ tap (u32) ‖ counter (u32)), little-endian, one block after another. */
function openSigns(seed: Uint8Array, tap: number): () => number {
  const place = new Uint8Array(8);
  const view = new DataView(place.buffer);
  view.setUint32(0, tap, true);
  let block: DataView = new DataView(new ArrayBuffer(0));
  let drawn = 0;
  return () => {
    const word = drawn % WORDS;
    if (word === 0) {
      view.setUint32(4, drawn / WORDS, true);
      const bytes = sha256(concatBytes(CONTEXT, seed, place));
      block = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    }
    drawn += 1;
    return block.getUint32(word * 4, true);
  };
}
