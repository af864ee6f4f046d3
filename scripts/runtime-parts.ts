import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Plugin } from 'vite';
import { type Packing, packFile } from './compress-app.ts';

/** Large enough that cutting costs brotli nothing, small enough that a broken line loses little. */
const PART_BYTES = 4 * 1024 * 1024;
const MARK = '?parts';

/**
 * Makes `import parts from 'FILE?parts'` a list of the file's parts, each a file of its own: browsers
 * keep each one that has come, where a file that breaks off begins again. The development server gives
 * the file as one part.
 */
export function runtimeParts(packing: Packing): Plugin {
  let isBuild = false;
  return {
    name: 'runtime-parts',
    enforce: 'pre',
    configResolved({ command }) {
      isBuild = command === 'build';
    },
    async resolveId(id, importer) {
      if (!id.endsWith(MARK)) return undefined;
      const found = await this.resolve(id.slice(0, -MARK.length), importer);
      return found === null ? undefined : `\0${found.id}${MARK}`;
    },
    async load(id) {
      if (!id.startsWith('\0') || !id.endsWith(MARK)) return undefined;
      const file = id.slice(1, -MARK.length);
      const raw = await readFile(file);
      if (!isBuild) {
        const of = `{ url, length: ${raw.length}, packed: ${raw.length} }`;
        return `import url from ${JSON.stringify(`${file}?url`)};\nexport default [${of}];`;
      }
      const digest = createHash('sha256').update(raw).digest('hex').slice(0, 8);
      const parts: { url: string; length: number; packed: number }[] = [];
      for (let offset = 0; offset < raw.length; offset += PART_BYTES) {
        const source = raw.subarray(offset, offset + PART_BYTES);
        const name = `${basename(file, '.wasm')}-${digest}.${parts.length}.bin`;
        const fileName = `assets/${name}`;
        this.emitFile({ type: 'asset', fileName, source });
        const { br } = await packFile(source, packing);
        parts.push({ url: `/${fileName}`, length: source.length, packed: br.length });
      }
      return `export default ${JSON.stringify(parts)};`;
    },
  };
}
