import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { hasCode } from '#node/files.ts';
import { fault } from '#protocol/values/refusal.ts';
import type { Entry, Repository } from './repository.ts';

/** Folders of a repository that hold what a model needs. */
const FOLDERS = ['', 'onnx', '1_Pooling'];

/** Opens a folder with a model, such as a clone, or one ONNX file with the data beside it. */
export async function openFolder(path: string): Promise<Repository> {
  const place = resolve(path);
  const found = await stat(place).catch((error: unknown) => {
    if (!hasCode(error, 'ENOENT') && !hasCode(error, 'ENOTDIR')) throw error;
    const message = `there is no ${path}; name a folder, an ONNX file, or a repository: hf:OWNER/NAME`;
    throw fault('request-invalid', message);
  });
  const isFile = !found.isDirectory();
  const folder = isFile ? dirname(place) : place;
  const entries = (
    await Promise.all((isFile ? [''] : FOLDERS).map((each) => list(folder, each)))
  ).flat();
  const only = isFile ? entries.find((entry) => entry.path === basename(place)) : undefined;
  return {
    title: path,
    name: basename(place).replace(/\.onnx$/i, ''),
    entries,
    ...(only && { only }),
    fetch: async (entry) => join(folder, entry.path),
    forget: async () => undefined,
  };
}

async function list(folder: string, inside: string): Promise<Entry[]> {
  const names = await readdir(join(folder, inside)).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR')) return [];
    throw error;
  });
  const entries = names.map(async (name): Promise<Entry[]> => {
    const path = inside === '' ? name : `${inside}/${name}`;
    // A link that leads nowhere is no file.
    const found = await stat(join(folder, path)).catch(() => undefined);
    return found?.isFile() === true ? [{ path, bytes: found.size }] : [];
  });
  return (await Promise.all(entries)).flat();
}
