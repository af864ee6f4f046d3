import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { JobOptions } from '#protocol/api/job.ts';
import { decodeText } from '#protocol/files/text.ts';
import { decodeJson } from '#protocol/values/decode.ts';
import { must, PocketgridError, type RefusalCode, refusal } from '#protocol/values/refusal.ts';
import { MODEL_LIMITS } from '../../../core/models/check.ts';
import { reject } from '../answer.ts';
import { decodeBoundary, MultipartError, type Part, readParts } from '../multipart.ts';

const INPUT_BYTES_MAX = 512 * 1024 * 1024;
const OPTIONS_BYTES_MAX = 64 * 1024;

interface NamedBytes {
  name: string;
  bytes: Uint8Array;
}

/** A form that has arrived whole, in files of its own. */
export interface Upload {
  options: JobOptions;
  /** The ONNX file and those with its data, in the order they were sent. */
  model(): Promise<NamedBytes[]>;
  /** Input files in the order they were sent. */
  inputs(): Promise<NamedBytes[]>;
  /** Files of what all items share. */
  shared(): Promise<NamedBytes[]>;
  close(): Promise<void>;
}

/** Bytes appended to one file, with the names and lengths of what was put there. */
interface Spool {
  path: string;
  file: FileHandle;
  length: number;
  entries: { name: string; length: number }[];
}

/**
 * Receives `model`, `inputs` and `options` into a new folder under `uploads`, at the pace of the
 * sender and without holding them in memory. A form that is rejected leaves nothing behind.
 */
export async function receiveUpload(request: Request, uploads: string): Promise<Upload> {
  const boundary = must(decodeBoundary(request.headers.get('content-type')));
  if (request.body === null) return reject('request-invalid', 'the form is empty');
  const coding = request.headers.get('content-encoding') ?? 'identity';
  if (coding !== 'identity') {
    reject('request-invalid', `the form is packed with ${coding}; send it as it is`);
  }
  const folder = join(uploads, randomBytes(8).toString('hex'));
  await mkdir(folder, { recursive: true });
  const close = () => rm(folder, { recursive: true, force: true });
  const spools = {
    model: await openSpool(folder, 'model'),
    inputs: await openSpool(folder, 'inputs'),
    shared: await openSpool(folder, 'shared'),
  };
  try {
    let options: string | undefined;
    for await (const part of readParts(request.body, boundary)) {
      if (part.field === 'model') await append(part, spools.model, modelBounds);
      else if (part.field === 'inputs') await append(part, spools.inputs, inputBounds);
      else if (part.field === 'shared') await append(part, spools.shared, inputBounds);
      else if (part.field === 'options') options = await readText(part);
      else reject('request-invalid', explainPart(part), part.field);
    }
    return toUpload(decodeOptions(options, spools), spools, close);
  } catch (error) {
    await close();
    throw error instanceof PocketgridError ? error : new PocketgridError(explain(error));
  } finally {
    for (const { file } of Object.values(spools)) await file.close();
  }
}

function explainPart({ field, filename }: Part): string {
  const named = `the form has a part "${field}"`;
  if (field in JobOptions.entries) {
    return `${named}; put it into \`options\`, which is JSON: {"name":"my job","${field}":…}`;
  }
  const way = filename === undefined ? 'leave it out' : 'send files as `model` or `inputs`';
  return `${named}, and takes \`model\`, \`inputs\`, \`shared\` and \`options\` only; ${way}`;
}

async function openSpool(folder: string, name: string): Promise<Spool> {
  const path = join(folder, name);
  return { path, file: await open(path, 'w'), length: 0, entries: [] };
}

const modelBounds = {
  most: MODEL_LIMITS.fileBytes,
  code: 'model-too-big',
  message: 'a model has at most 512 MiB; quantise it to f16 or q4, or split it',
} as const;
const inputBounds = {
  most: INPUT_BYTES_MAX,
  code: 'input-too-big',
  message: 'the inputs of a job have at most 512 MiB; post them as several jobs',
} as const;

async function append(
  part: Part,
  spool: Spool,
  bounds: { most: number; code: RefusalCode; message: string },
): Promise<void> {
  const entry = { name: part.filename ?? part.field, length: 0 };
  spool.entries.push(entry);
  for await (const chunk of part.body) {
    entry.length += chunk.length;
    spool.length += chunk.length;
    if (spool.length > bounds.most) reject(bounds.code, bounds.message);
    await spool.file.writeFile(chunk);
  }
}

async function readText(part: Part): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of part.body) {
    length += chunk.length;
    if (length > OPTIONS_BYTES_MAX) {
      reject('request-invalid', '`options` has at most 64 KiB', 'options');
    }
    // A part is a view into what the network brought, which goes on changing.
    chunks.push(Buffer.from(chunk));
  }
  const text = decodeText(Buffer.concat(chunks));
  return text.ok ? text.value : reject('request-invalid', '`options` is not UTF-8 text', 'options');
}

function decodeOptions(
  text: string | undefined,
  spools: { model: Spool; inputs: Spool },
): JobOptions {
  if (spools.model.entries.length === 0) {
    return reject('request-invalid', 'the form has no `model`; send one ONNX file', 'model');
  }
  if (spools.inputs.entries.length === 0) {
    return reject('request-invalid', 'the form has no `inputs`; send one or more files', 'inputs');
  }
  if (text === undefined) {
    const message = 'the form has no `options`; send JSON such as {"name":"my job"}';
    return reject('request-invalid', message, 'options');
  }
  return must(decodeJson(JobOptions, text, 'request-invalid'));
}

const toUpload = (
  options: JobOptions,
  spools: Record<'model' | 'inputs' | 'shared', Spool>,
  close: () => Promise<void>,
): Upload => ({
  options,
  model: () => readSpool(spools.model),
  inputs: () => readSpool(spools.inputs),
  shared: () => readSpool(spools.shared),
  close,
});

async function readSpool({ path, entries }: Spool): Promise<NamedBytes[]> {
  const all = await readFile(path);
  let at = 0;
  return entries.map(({ name, length }) => {
    const bytes = all.subarray(at, at + length);
    at += length;
    return { name, bytes };
  });
}

function explain(error: unknown) {
  if (error instanceof MultipartError) return refusal('request-invalid', error.message);
  const code = error instanceof Error && 'code' in error ? error.code : '';
  if (code === 'ENOSPC') {
    return refusal('disk-full', 'the disk of the hub is full; free some space there and retry');
  }
  return refusal('request-invalid', 'the upload broke off before its end; send it again');
}
