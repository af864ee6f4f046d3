import { type ReadBlock, readBf16, readF16, readF32, readQ4, readQ5, readQ8 } from './blocks.ts';
import { readQ4K, readQ5K, readQ6K } from './super-blocks.ts';

/** How a tensor's numbers lie in a GGUF file: blocks of so many numbers in so many bytes. */
export interface BlockFormat {
  name: string;
  numbers: number;
  bytes: number;
  /** Writes the numbers of one block; `at` is where it begins in the bytes. */
  read: ReadBlock;
}

const format = (
  name: string,
  [numbers, bytes]: readonly [number, number],
  read: ReadBlock,
): BlockFormat => ({ name, numbers, bytes, read });

/** By their number in `ggml_type` (ggml.h of ggml-org/ggml); all others are refused. */
export const FORMATS: ReadonlyMap<number, BlockFormat> = new Map([
  [0, format('F32', [1, 4], readF32)],
  [1, format('F16', [1, 2], readF16)],
  [2, format('Q4_0', [32, 18], readQ4(false))],
  [3, format('Q4_1', [32, 20], readQ4(true))],
  [6, format('Q5_0', [32, 22], readQ5(false))],
  [7, format('Q5_1', [32, 24], readQ5(true))],
  [8, format('Q8_0', [32, 34], readQ8)],
  [12, format('Q4_K', [256, 144], readQ4K)],
  [13, format('Q5_K', [256, 176], readQ5K)],
  [14, format('Q6_K', [256, 210], readQ6K)],
  [30, format('BF16', [1, 2], readBf16)],
]);
