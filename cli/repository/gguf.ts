import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { convertGguf } from '#client/gguf/convert.ts';
import { hasCode } from '#node/files.ts';
import { fault, must } from '#protocol/values/refusal.ts';
import { showBytes } from '../show-bytes.ts';
import type { World } from '../world.ts';
import { openFolder } from './folder.ts';
import type { Repository } from './repository.ts';

/** Past this Node reads no file into memory at once. */
const BYTES_MAX = 2 ** 31 - 1;

/** Whether a name is that of a GGUF file. */
export const isGguf = (path: string): boolean => /\.gguf$/i.test(path);

/**
 * Converts a GGUF file into a folder of this run, which `close` removes. Throws a refusal where the
 * file is missing, too big, or holds a model that is not converted.
 */
export async function openGguf(path: string, world: World): Promise<Repository> {
  const bytes = await readWhole(path);
  world.tell(`converting ${basename(path)} to ONNX, its weights in 8 bits`);
  const files = must(convertGguf(bytes));
  const name = basename(path).replace(/\.gguf$/i, '');
  const kept = await mkdtemp(join(tmpdir(), 'pocketgrid-gguf-'));
  const close = () => rm(kept, { recursive: true, force: true });
  try {
    await writeFiles(kept, files);
    return { ...(await openFolder(kept)), title: path, name, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function readWhole(path: string): Promise<Uint8Array> {
  const found = await stat(path).catch((error: unknown) => {
    if (!hasCode(error, 'ENOENT') && !hasCode(error, 'ENOTDIR')) throw error;
    throw fault('request-invalid', `there is no ${path}; name a GGUF file`);
  });
  if (found.size > BYTES_MAX) {
    const sizes = `${path} has ${showBytes(found.size)}, and files of ${showBytes(BYTES_MAX)} are converted`;
    throw fault('model-too-big', `${sizes}; take a smaller model`);
  }
  return readFile(path);
}

/** Writes the files of a repository into a folder. */
async function writeFiles(folder: string, files: Record<string, string | Uint8Array>) {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
}
