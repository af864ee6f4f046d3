const PAGE_BYTES = 64 * 1024;
/** What 32 bits address. */
export const WASM_BYTES_MAX = 4 * 2 ** 30;

/**
 * Takes so many bytes as a runtime does, and fills them with what does not compress: some systems
 * give what is never written to, or keep pages of zeros for nothing. Throws a `RangeError` where
 * there are not so many.
 */
export function proveMemory(bytes: number): void {
  const pages = Math.ceil(bytes / PAGE_BYTES);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const words = new Uint32Array(memory.buffer);
  // Xorshift (Marsaglia 2003, 13-17-5).
  let word = 0x9e3779b9;
  for (let at = 0; at < words.length; at += 1) {
    word ^= word << 13;
    word ^= word >>> 17;
    word ^= word << 5;
    words[at] = word;
  }
}
