/**
 * Listens for the memory of each WebAssembly instance that starts from now on; what is returned
 * gives their bytes together. The runtime keeps its memory to itself, so this is the way to it.
 */
export function meterHeap(): () => number {
  const memories = new Set<WebAssembly.Memory>();
  const listen = (imports: WebAssembly.Imports | undefined, exports: WebAssembly.Exports) => {
    const values = [
      ...Object.values(imports ?? {}).flatMap(Object.values),
      ...Object.values(exports),
    ];
    for (const value of values) if (value instanceof WebAssembly.Memory) memories.add(value);
  };
  const instantiate: (source: never, imports?: WebAssembly.Imports) => Promise<unknown> =
    WebAssembly.instantiate;
  const metered = async (source: never, imports?: WebAssembly.Imports) => {
    const started = await instantiate(source, imports);
    const instance = started instanceof WebAssembly.Instance ? started : instanceOf(started);
    listen(imports, instance.exports);
    return started;
  };
  WebAssembly.instantiate = metered as typeof WebAssembly.instantiate;
  return () => [...memories].reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
}

const instanceOf = (started: unknown): WebAssembly.Instance =>
  (started as WebAssembly.WebAssemblyInstantiatedSource).instance;
