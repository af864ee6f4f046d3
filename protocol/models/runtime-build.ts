import type { Digest } from '../values/ids.ts';
import { REFERENCE_LANE } from './package.ts';

/** One file of the runtime's package, under its `dist/`. */
export interface RuntimeFile {
  name: string;
  sha256: Digest;
}

/**
 * The build of onnxruntime-web that the exact lane is: the wasm file holds every kernel, the glue
 * file loads it and starts its threads. Another build is another lane, whatever its version says. A
 * test hashes the installed files; a new version of the runtime changes these lines.
 */
export const RUNTIME_BUILD = {
  version: REFERENCE_LANE.version,
  wasm: {
    name: 'ort-wasm-simd-threaded.wasm',
    sha256: '3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2' as Digest,
  },
  glue: {
    name: 'ort-wasm-simd-threaded.mjs',
    sha256: 'e13f7f94fc51b4ca72b12faeb1ee95f4ace6dfbc8939bc718aabdc0a27c4299b' as Digest,
  },
} as const satisfies { version: string; wasm: RuntimeFile; glue: RuntimeFile };
