import { concatBytes, hexToBytes, sha256, utf8ToBytes } from '../bytes/digest.ts';
import { encodeHalf } from '../bytes/float16.ts';
import { TAPS_MAX } from '../models/package.ts';
import { elementCount, type TensorSpec } from '../tensors/tensor.ts';
import type { Digest, Signature } from '../values/ids.ts';

/** Names the arithmetic below; another one would give other bytes. */
export const FINGERPRINT_VERSION = 'pocketgrid/fingerprint@1';

export const PROJECTION_SIZE = 32;
/** The longest fingerprint of a unit, bytes. */
export const FINGERPRINT_BYTES_MAX = TAPS_MAX * PROJECTION_SIZE * 2;

const CONTEXT = utf8ToBytes(FINGERPRINT_VERSION);

/** The taps of a unit from their bytes end to end, as a compute worker gives them. */
export function readTaps(specs: readonly TensorSpec[], unit: Uint8Array): Float32Array[] {
  const view = new DataView(unit.buffer, unit.byteOffset, unit.length);
  let at = 0;
  return specs.map(({ shape }) =>
    Float32Array.from({ length: elementCount(shape) }, () => {
      at += 4;
      return view.getFloat32(at - 4, true);
    }),
  );
}

/**
 * Writes 0 over every value of taps that is infinite or no number, in place: sums are then numbers
 * on every device, and a fingerprint with NaN in it is a lie.
 */
export function settleTaps(taps: Uint8Array): void {
  const view = new DataView(taps.buffer, taps.byteOffset, taps.length);
  for (let at = 0; at < taps.length; at += 4) {
    if (!Number.isFinite(view.getFloat32(at, true))) view.setFloat32(at, 0, true);
  }
}

/**
 * The seed of a projection, H(σ ‖ c): the hub's signature of the log entry, which it gives only
 * after the commitment, and the commitment. A device that has committed to its taps cannot have
 * known it.
 */
export const projectionSeed = (logSignature: Signature, commitment: Digest): Uint8Array =>
  sha256(concatBytes(CONTEXT, hexToBytes(logSignature), hexToBytes(commitment)));

/** The length of a unit's fingerprint in bytes. */
export const fingerprintBytes = (tapCount: number): number => tapCount * PROJECTION_SIZE * 2;

/**
 * The fingerprint of a unit: each tap (of all its items, end to end) times a random matrix of ±1 ÷
 * √32, in halves, little-endian; 64 bytes a tap. Distances survive it (Achlioptas, 2003), so an
 * honest device stays as near as its taps are. Signs are bits of SHA-256, so no engine draws
 * others, and sums run from the first value to the last in 64 bits.
 *
 * `scales` divides each tap, so that halves neither overflow nor vanish: its RMS at preparation.
 * The signs are drawn once, for as many units as are projected under one seed.
 * Throws a RangeError for too many taps, or a scale that is not a positive number.
 */
export function openProjection(
  seed: Uint8Array,
  scales: readonly number[],
): (taps: readonly Float32Array[]) => Uint8Array<ArrayBuffer> {
  if (scales.length > TAPS_MAX) throw new RangeError(`a unit has at most ${TAPS_MAX} taps`);
  if (!scales.every((scale) => scale > 0 && Number.isFinite(scale))) {
    throw new RangeError('a scale must be positive');
  }
  const drawn: Uint32Array[] = [];
  return (taps) => {
    if (taps.length !== scales.length) throw new RangeError('each tap needs a scale');
    const bytes = new Uint8Array(fingerprintBytes(taps.length));
    const view = new DataView(bytes.buffer);
    for (const [number, tap] of taps.entries()) {
      let signs = drawn[number];
      if (signs === undefined || signs.length < tap.length) {
        signs = drawSigns(seed, number, tap.length);
        drawn[number] = signs;
      }
      const divisor = (scales[number] ?? 0) * Math.sqrt(PROJECTION_SIZE);
      for (const [place, sum] of projectTap(tap, signs).entries()) {
        view.setUint16((number * PROJECTION_SIZE + place) * 2, encodeHalf(sum / divisor), true);
      }
    }
    return bytes;
  };
}

/** The fingerprint of a single unit; see `openProjection`. */
export const projectTaps = (
  taps: readonly Float32Array[],
  seed: Uint8Array,
  scales: readonly number[],
): Uint8Array<ArrayBuffer> => openProjection(seed, scales)(taps);

function projectTap(tap: Float32Array, signs: Uint32Array): Float64Array {
  const sums = new Float64Array(PROJECTION_SIZE);
  for (let at = 0; at < tap.length; at += 1) {
    const value = tap[at] as number;
    const word = signs[at] as number;
    for (let place = 0; place < PROJECTION_SIZE; place += 1) {
      const sum = sums[place] as number;
      sums[place] = (word >>> place) & 1 ? sum - value : sum + value;
    }
  }
  return sums;
}

const WORDS = 8;

/**
 * One word of signs for each value of a tap: bit j is its sign in sum j, 1 for minus. Words of
 * SHA-256(context ‖ seed ‖ tap (u32) ‖ counter (u32)), little-endian, one block after another.
 */
function drawSigns(seed: Uint8Array, tap: number, count: number): Uint32Array {
  const signs = new Uint32Array(Math.ceil(count / WORDS) * WORDS);
  const place = new Uint8Array(8);
  const view = new DataView(place.buffer);
  view.setUint32(0, tap, true);
  for (let at = 0; at < signs.length; at += WORDS) {
    view.setUint32(4, at / WORDS, true);
    const bytes = sha256(concatBytes(CONTEXT, seed, place));
    const block = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let word = 0; word < WORDS; word += 1) signs[at + word] = block.getUint32(word * 4, true);
  }
  return signs;
}
