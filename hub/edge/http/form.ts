import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeText } from '#protocol/files/text.ts';
import { must, PocketgridError, type RefusalCode, refusal } from '#protocol/values/refusal.ts';
import { MODEL_LIMITS } from '../../core/models/check.ts';
import type { SpaceGuard } from '../blobs/space.ts';
import type { Spool } from '../inputs/spool.ts';
import { reject } from './answer.ts';
import { decodeBoundary, MultipartError, type Part, readParts } from './multipart.ts';
import { limitSilence } from './silence.ts';
import type { Uploads } from './uploads.ts';

const TEXT_BYTES_MAX = 64 * 1024;

/** How much the files of one field may have, and what is said past it. */
export interface FieldBounds {
  most: number;
  code: RefusalCode;
  message: string;
}

/** Bounds of the files of a model. */
export const MODEL_BOUNDS: FieldBounds = {
  most: MODEL_LIMITS.fileBytes,
  code: 'model-too-big',
  message: 'a model has at most 512 MiB; quantise it to f16 or q4, or split it',
};

/** Which fields a form has, of files and of texts, and what is said of a part of another name. */
export interface FormShape<Field extends string> {
  fields: Record<Field, FieldBounds>;
  /** `options` alone where nothing is said. */
  texts?: readonly string[];
  explainPart(part: Part): string;
}

/** A form that has arrived whole: its files on disk, its texts as they were written. */
export interface Form<Field extends string> {
  spools: Record<Field, Spool>;
  texts: ReadonlyMap<string, string>;
  close(): Promise<void>;
}

/** A spool that is being filled. */
interface OpenSpool extends Spool {
  file: FileHandle;
  length: number;
}

/**
 * Receives a form into a new folder of uploads, at the pace of the sender and without holding its
 * files in memory. A form that is rejected leaves nothing behind.
 */
export async function receiveForm<Field extends string>(
  request: Request,
  uploads: Uploads,
  { fields, texts: named = ['options'], explainPart }: FormShape<Field>,
): Promise<Form<Field>> {
  const boundary = must(decodeBoundary(request.headers.get('content-type')));
  if (request.body === null) return reject('request-invalid', 'the form is empty');
  const coding = request.headers.get('content-encoding') ?? 'identity';
  if (coding !== 'identity') {
    reject('request-invalid', `the form is packed with ${coding}; send it as it is`);
  }
  const folder = join(uploads.folder, randomBytes(8).toString('hex'));
  await mkdir(folder, { recursive: true });
  const close = () => rm(folder, { recursive: true, force: true });
  const spools = new Map<string, OpenSpool>();
  for (const field of Object.keys(fields)) spools.set(field, await openSpool(folder, field));
  try {
    const texts = new Map<string, string>();
    const chunks = limitSilence(request.body, uploads.silenceMs);
    for await (const part of readParts(chunks, boundary)) {
      const spool = spools.get(part.field);
      const bounds = fields[part.field as Field];
      if (spool !== undefined) await append(part, spool, { ...bounds, space: uploads.space });
      else if (named.includes(part.field)) texts.set(part.field, await readText(part));
      else reject('request-invalid', explainPart(part), part.field);
    }
    const refs = [...spools].map(([field, { path, entries }]) => [field, { path, entries }]);
    return { spools: Object.fromEntries(refs) as Form<Field>['spools'], texts, close };
  } catch (error) {
    await close();
    throw error instanceof PocketgridError ? error : new PocketgridError(explain(error));
  } finally {
    for (const { file } of spools.values()) await file.close();
  }
}

async function openSpool(folder: string, name: string): Promise<OpenSpool> {
  const path = join(folder, name);
  return { path, file: await open(path, 'w'), length: 0, entries: [] };
}

async function append(
  part: Part,
  spool: OpenSpool,
  { space, ...bounds }: FieldBounds & { space: SpaceGuard },
): Promise<void> {
  const entry = { name: part.filename ?? part.field, length: 0 };
  spool.entries.push(entry);
  for await (const chunk of part.body) {
    entry.length += chunk.length;
    spool.length += chunk.length;
    if (spool.length > bounds.most) reject(bounds.code, bounds.message);
    const full = await space.take(chunk.length);
    if (full !== undefined) throw new PocketgridError(full);
    await spool.file.writeFile(chunk);
  }
}

async function readText(part: Part): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of part.body) {
    length += chunk.length;
    if (length > TEXT_BYTES_MAX) {
      reject('request-invalid', `\`${part.field}\` has at most 64 KiB`, part.field);
    }
    // A part is a view into what the network brought, which goes on changing.
    chunks.push(Buffer.from(chunk));
  }
  const text = decodeText(Buffer.concat(chunks));
  if (text.ok) return text.value;
  return reject('request-invalid', `\`${part.field}\` is not UTF-8 text`, part.field);
}

function explain(error: unknown) {
  if (error instanceof MultipartError) return refusal('request-invalid', error.message);
  const code = error instanceof Error && 'code' in error ? error.code : '';
  if (code === 'ENOSPC') {
    return refusal('disk-full', 'the disk of the hub is full; free some space there and retry');
  }
  return refusal('request-invalid', 'the upload broke off before its end; send it again');
}
