/** Vite's `?url` imports: the address of a file that is served as it is. */
declare module '*?url' {
  const url: string;
  // biome-ignore lint/style/noDefaultExport: Vite's own shape of such a module.
  export default url;
}

/** Vite's `?worker&url` imports: the address of a worker's program. */
declare module '*?worker&url' {
  const url: string;
  // biome-ignore lint/style/noDefaultExport: Vite's own shape of such a module.
  export default url;
}

/** The parts of a large file (`scripts/runtime-parts.ts`), to be joined in this order. */
declare module '*?parts' {
  /** `packed`: bytes on the line. */
  const parts: readonly { url: string; length: number; packed: number }[];
  // biome-ignore lint/style/noDefaultExport: Vite's own shape of such a module.
  export default parts;
}
