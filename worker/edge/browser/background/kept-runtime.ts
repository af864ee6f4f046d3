import { RUNTIME_CACHE } from '#protocol/messages/background.ts';
import { cpu } from '../runtimes/cpu.ts';

/**
 * The runtime's wasm as this browser keeps it: in the app's cache, or among what it has loaded. Undefined
 * where a part is missing: nothing is downloaded.
 */
export async function readKeptRuntime(): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const cache = await caches.open(RUNTIME_CACHE);
  const wasm = new Uint8Array(cpu.parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const { url, length } of cpu.parts) {
    const response = (await cache.match(url)) ?? (await readLoaded(url));
    if (response?.ok !== true) return undefined;
    const part = new Uint8Array(await response.arrayBuffer());
    if (part.length !== length) return undefined;
    wasm.set(part, at);
    at += length;
  }
  return wasm;
}

const readLoaded = (url: string): Promise<Response | undefined> =>
  fetch(url, { cache: 'only-if-cached', mode: 'same-origin' }).catch(() => undefined);
