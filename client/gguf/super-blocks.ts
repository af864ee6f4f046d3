import { halfAt, type ReadBlock } from './blocks.ts';

/**
 * Blocks of 256 numbers, as `ggml-common.h` draws them and `dequantize_row_…` of `ggml-quants.c`
 * reads them (ggml-org/ggml). Q4_K and Q5_K have eight groups of 32, each with a step and a least
 * number of 6 bits; Q6_K has sixteen of 16, each with a step of 8 bits:
 *
 *     | Q4_K | 0..2 step | 2..4 least | 4..16 steps, leasts | 16..144 nibbles |
 *     | Q5_K | 0..2 step | 2..4 least | 4..16 steps, leasts | 16..48 fifth bits | 48..176 nibbles |
 *     | Q6_K | 0..128 nibbles | 128..192 upper 2 bits | 192..208 steps | 208..210 step |
 */
const GROUP = 32;

/** The step and the least number of a group, 6 bits each in 12 bytes (`get_scale_min_k4`). */
function scaleOf(block: DataView, at: number, group: number): [step: number, least: number] {
  const byte = (index: number) => block.getUint8(at + index);
  if (group < 4) return [byte(group) & 63, byte(group + 4) & 63];
  const low = byte(group + 4);
  return [(low & 15) | ((byte(group - 4) >> 6) << 4), (low >> 4) | ((byte(group) >> 6) << 4)];
}

/** Pairs of groups share 32 bytes: the first has the low nibbles, the second the high ones. */
const readNibbles =
  (hasFifth: boolean): ReadBlock =>
  (block, at, into) => {
    const [step, least] = [halfAt(block, at), halfAt(block, at + 2)];
    const fifths = at + 16;
    const nibbles = hasFifth ? fifths + GROUP : fifths;
    for (let group = 0; group < 8; group += 1) {
      const [scale, floor] = scaleOf(block, at + 4, group);
      const first = nibbles + (group >> 1) * GROUP;
      for (let index = 0; index < GROUP; index += 1) {
        const byte = block.getUint8(first + index);
        const nibble = group % 2 === 0 ? byte & 15 : byte >> 4;
        const fifth = hasFifth ? (block.getUint8(fifths + index) >> group) & 1 : 0;
        into[group * GROUP + index] = step * scale * (nibble + fifth * 16) - least * floor;
      }
    }
  };

export const readQ4K: ReadBlock = readNibbles(false);
export const readQ5K: ReadBlock = readNibbles(true);

export const readQ6K: ReadBlock = (block, at, into) => {
  const step = halfAt(block, at + 208);
  for (let index = 0; index < 256; index += 1) {
    // Two halves of 128 numbers; in each, four groups of 32 share bytes.
    const half = index >> 7;
    const group = (index >> 5) & 3;
    const column = index % GROUP;
    const byte = block.getUint8(at + half * 64 + (group & 1) * GROUP + column);
    const nibble = group < 2 ? byte & 15 : byte >> 4;
    const upper = (block.getUint8(at + 128 + half * GROUP + column) >> (group * 2)) & 3;
    const scale = block.getInt8(at + 192 + (index >> 4));
    into[index] = step * scale * ((nibble | (upper << 4)) - 32);
  }
};
