import type { ModelFile } from '#protocol/api/models.ts';
import { detectFileKind } from '#protocol/files/file-kind.ts';
import { fault, must, PocketgridError } from '#protocol/values/refusal.ts';
import type { BlobStore } from '../blobs/port.ts';
import type { InputFile } from './port.ts';
import { readSpool, type Spool } from './spool.ts';

/** The files of a job's model: of its form, or of a model that the hub keeps. */
export type ModelSource = Spool | { kept: readonly ModelFile[] };

/** Reads the files of a model. Throws `model-unknown` where a kept one was removed meanwhile. */
export async function readModelFiles(
  source: ModelSource,
  blobs: Pick<BlobStore, 'read'>,
): Promise<InputFile[]> {
  if (!('kept' in source)) return readSpool(source);
  const files: InputFile[] = [];
  for (const { name, blob } of source.kept) {
    const bytes = await blobs.read(blob.root, 0, blob.length);
    if (!bytes.ok && bytes.refusal.code === 'blob-unknown') {
      throw fault(
        'model-unknown',
        'the model was removed meanwhile; add it again, or name another',
      );
    }
    files.push({ name, bytes: must(bytes) });
  }
  return files;
}

/** Whether a file says how a model is used, and is no part of its graph or weights. */
export const isSettings = ({ name, bytes }: InputFile): boolean =>
  /\.(?:json|jinja)$/i.test(name) || detectFileKind(bytes) === 'json';

/** Those that the graph and its weights are in. */
export const graphFiles = (files: readonly InputFile[]): InputFile[] =>
  files.filter((file) => !isSettings(file));

/** Throws for settings that are no JSON, and for two files of one name. */
export function checkSettings(files: readonly InputFile[]): void {
  const names = new Set<string>();
  for (const file of files) {
    const { name, bytes } = file;
    if (names.has(name)) throw wrong(`${name} was sent twice; send each file once`, name);
    names.add(name);
    if (isSettings(file) && !/\.jinja$/i.test(name) && !isJson(bytes)) {
      throw wrong(`${name} is not whole JSON; download it again (git lfs pull in a clone)`, name);
    }
  }
}

function wrong(message: string, path: string): PocketgridError {
  return new PocketgridError({ code: 'model-format', message, path: path.slice(0, 200) });
}

function isJson(bytes: Uint8Array): boolean {
  try {
    JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return true;
  } catch {
    return false;
  }
}
