import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { RUNTIME_BUILD } from '#protocol/models/runtime-build.ts';

/** The installed wasm and glue of the exact lane, hashed, and whether they are the pinned ones. */
export const readRuntimeFiles = (): Promise<{ name: string; sha256: string; pinned: boolean }[]> =>
  Promise.all(
    [RUNTIME_BUILD.wasm, RUNTIME_BUILD.glue].map(async (file) => {
      const bytes = await readFile(`node_modules/onnxruntime-web/dist/${file.name}`);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      return { name: file.name, sha256, pinned: sha256 === file.sha256 };
    }),
  );
