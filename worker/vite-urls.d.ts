/** Vite's `?url` imports: the address of a file that is served as it is. */
declare module '*?url' {
  const url: string;
  // biome-ignore lint/style/noDefaultExport: Vite's own shape of such a module.
  export default url;
}
