import { openAsBlob } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { ModelLimits } from '#protocol/api/models.ts';
import { detectFileKind, KIND_BYTES } from '#protocol/files/file-kind.ts';
import { fault, must } from '#protocol/values/refusal.ts';
import { showBytes } from '../show-bytes.ts';
import type { World } from '../world.ts';
import { findData, findSettings, type Variant } from './choose.ts';
import type { Entry, Repository } from './repository.ts';

interface Fetching {
  variant: Variant;
  limits: ModelLimits;
  world: World;
  /** Leaves out the files that say how the model is used. */
  isBare?: boolean;
}

/** The files of one variant, on this disk. */
export async function fetchFiles(
  repository: Repository,
  { variant, limits, world, isBare = false }: Fetching,
): Promise<{ name: string; data: Blob }[]> {
  const { onnx, dtype } = variant;
  world.tell(`${repository.title}: ${onnx.path}${dtype === undefined ? '' : ` (${dtype})`}`);
  const place = await fetchFile(repository, onnx, world);
  const beside = must(findData(await readFile(place), onnx, repository));
  const settings = isBare ? [] : findSettings(repository);
  const entries = [onnx, ...beside, ...settings];
  const bytes = entries.reduce((sum, { bytes: each = 0 }) => sum + each, 0);
  if (bytes > limits.fileBytes) {
    const message = `the files have ${showBytes(bytes)}, and the hub takes ${showBytes(limits.fileBytes)}; choose another --dtype or a smaller model`;
    throw fault('model-too-big', message);
  }
  const files: { name: string; data: Blob }[] = [];
  for (const entry of entries) {
    const data = await openAsBlob(await fetchFile(repository, entry, world));
    files.push({ name: entry.path, data });
  }
  return files;
}

/** A file on this disk that is what it says, and no note of where it is. */
async function fetchFile(repository: Repository, entry: Entry, world: World): Promise<string> {
  world.signal.throwIfAborted();
  const place = await repository.fetch(entry);
  const start = await (await openAsBlob(place)).slice(0, KIND_BYTES).arrayBuffer();
  if (detectFileKind(new Uint8Array(start)) !== 'git-lfs') return place;
  const message = `${entry.path} is a Git LFS pointer, a note of where the file is; do: git lfs pull, in the clone, then the same again`;
  throw fault('model-format', message);
}
