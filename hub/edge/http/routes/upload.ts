import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { JobOptions } from '#protocol/api/job.ts';
import { decodeText } from '#protocol/files/text.ts';
import { decodeJson } from '#protocol/values/decode.ts';
import { must, PocketgridError, type RefusalCode, refusal } from '#protocol/values/refusal.ts';
import { MODEL_LIMITS } from '../../../core/models/check.ts';
import type { SpaceGuard } from '../../blobs/space.ts';
import type { JobForm } from '../../forms/make-job.ts';
import type { Spool } from '../../inputs/spool.ts';
import { reject } from '../answer.ts';
import { decodeBoundary, MultipartError, type Part, readParts } from '../multipart.ts';
import { limitSilence } from '../silence.ts';
import type { Uploads } from '../uploads.ts';

const INPUT_BYTES_MAX = 512 * 1024 * 1024;
const OPTIONS_BYTES_MAX = 64 * 1024;

/** A form that has arrived whole, in files of its own. */
export interface Upload {
  form: JobForm;
  close(): Promise<void>;
}

/** A spool that is being filled. */
interface OpenSpool extends Spool {
  file: FileHandle;
  length: number;
}

/**
 * Receives `model`, `inputs` and `options` into a new folder of uploads, at the pace of the sender
 * and without holding them in memory. A form that is rejected leaves nothing behind.
 */
export async function receiveUpload(request: Request, uploads: Uploads): Promise<Upload> {
  const boundary = must(decodeBoundary(request.headers.get('content-type')));
  if (request.body === null) return reject('request-invalid', 'the form is empty');
  const coding = request.headers.get('content-encoding') ?? 'identity';
  if (coding !== 'identity') {
    reject('request-invalid', `the form is packed with ${coding}; send it as it is`);
  }
  const folder = join(uploads.folder, randomBytes(8).toString('hex'));
  await mkdir(folder, { recursive: true });
  const close = () => rm(folder, { recursive: true, force: true });
  const spools = {
    model: await openSpool(folder, 'model'),
    inputs: await openSpool(folder, 'inputs'),
    shared: await openSpool(folder, 'shared'),
  };
  try {
    let options: string | undefined;
    const chunks = limitSilence(request.body, uploads.silenceMs);
    const put = (part: Part, spool: OpenSpool, bounds: Bounds) =>
      append(part, spool, { ...bounds, space: uploads.space });
    for await (const part of readParts(chunks, boundary)) {
      if (part.field === 'model') await put(part, spools.model, modelBounds);
      else if (part.field === 'inputs') await put(part, spools.inputs, inputBounds);
      else if (part.field === 'shared') await put(part, spools.shared, inputBounds);
      else if (part.field === 'options') options = await readText(part);
      else reject('request-invalid', explainPart(part), part.field);
    }
    const decoded = decodeOptions(options, spools);
    const { model, inputs, shared } = spools;
    return {
      form: { options: decoded, model: refOf(model), inputs: refOf(inputs), shared: refOf(shared) },
      close,
    };
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

async function openSpool(folder: string, name: string): Promise<OpenSpool> {
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

interface Bounds {
  most: number;
  code: RefusalCode;
  message: string;
}

async function append(
  part: Part,
  spool: OpenSpool,
  { space, ...bounds }: Bounds & { space: SpaceGuard },
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
  spools: { model: OpenSpool; inputs: OpenSpool },
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

const refOf = ({ path, entries }: OpenSpool): Spool => ({ path, entries });

function explain(error: unknown) {
  if (error instanceof MultipartError) return refusal('request-invalid', error.message);
  const code = error instanceof Error && 'code' in error ? error.code : '';
  if (code === 'ENOSPC') {
    return refusal('disk-full', 'the disk of the hub is full; free some space there and retry');
  }
  return refusal('request-invalid', 'the upload broke off before its end; send it again');
}
