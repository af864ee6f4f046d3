import { decodeHalf } from '#protocol/bytes/float16.ts';

/**
 * Blocks of 32 numbers, and plain ones, as `ggml-common.h` draws them and `dequantize_row_…` of
 * `ggml-quants.c` reads them (ggml-org/ggml). Scales are halves, little-endian, ahead of the bits:
 *
 *     | Q4_0 | 0..2 step | 2..18 low nibbles: numbers 0..15, high: 16..31 |
 *     | Q4_1 | 0..2 step | 2..4 least | 4..20 nibbles |
 *     | Q5_0 | 0..2 step | 2..6 fifth bits | 6..22 nibbles |
 *     | Q5_1 | 0..2 step | 2..4 least | 4..8 fifth bits | 8..24 nibbles |
 *     | Q8_0 | 0..2 step | 2..34 i8 |
 */
export type ReadBlock = (block: DataView, at: number, into: Float32Array) => void;

/** The half-precision number at a place. */
export const halfAt = (block: DataView, at: number): number =>
  decodeHalf(block.getUint16(at, true));

export const readF32: ReadBlock = (block, at, into) => {
  into[0] = block.getFloat32(at, true);
};

export const readF16: ReadBlock = (block, at, into) => {
  into[0] = halfAt(block, at);
};

const word = new DataView(new ArrayBuffer(4));
/** The upper half of a 32-bit float. */
export const readBf16: ReadBlock = (block, at, into) => {
  word.setUint32(0, block.getUint16(at, true) << 16);
  into[0] = word.getFloat32(0);
};

const HALF = 16;

/** 4 bits a number; without a least number they are signed, from −8. */
export const readQ4 =
  (hasLeast: boolean): ReadBlock =>
  (block, at, into) => {
    const step = halfAt(block, at);
    const least = hasLeast ? halfAt(block, at + 2) : -8 * step;
    const bits = at + (hasLeast ? 4 : 2);
    for (let index = 0; index < HALF; index += 1) {
      const byte = block.getUint8(bits + index);
      into[index] = (byte & 15) * step + least;
      into[index + HALF] = (byte >> 4) * step + least;
    }
  };

/** 5 bits a number; without a least number they are signed, from −16. */
export const readQ5 =
  (hasLeast: boolean): ReadBlock =>
  (block, at, into) => {
    const step = halfAt(block, at);
    const least = hasLeast ? halfAt(block, at + 2) : -16 * step;
    const fifths = at + (hasLeast ? 4 : 2);
    const fifth = block.getUint32(fifths, true);
    for (let index = 0; index < HALF; index += 1) {
      const byte = block.getUint8(fifths + 4 + index);
      into[index] = ((byte & 15) | (((fifth >>> index) & 1) << 4)) * step + least;
      const high = (byte >> 4) | (((fifth >>> (index + HALF)) & 1) << 4);
      into[index + HALF] = high * step + least;
    }
  };

export const readQ8: ReadBlock = (block, at, into) => {
  const step = halfAt(block, at);
  for (let index = 0; index < 32; index += 1) into[index] = block.getInt8(at + 2 + index) * step;
};
