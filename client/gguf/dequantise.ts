import type { GgufTensor } from './file.ts';

/** The numbers of a tensor as 32-bit floats, row-major. */
export function dequantise({ format, data }: GgufTensor): Float32Array {
  const { numbers, bytes, read } = format;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const blocks = data.byteLength / bytes;
  const values = new Float32Array(blocks * numbers);
  for (let block = 0; block < blocks; block += 1) {
    const into = values.subarray(block * numbers, (block + 1) * numbers);
    read(view, block * bytes, into);
  }
  return values;
}
