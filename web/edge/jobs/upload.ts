import { t } from '@lingui/core/macro';
import type * as v from 'valibot';
import { formOf, type JobUpload } from '#client/jobs.ts';
import { decodeRefusal, refuseSilence } from '#client/refusals.ts';
import { JobView } from '#protocol/api/job.ts';
import { type ModelOptions, ModelView } from '#protocol/api/models.ts';
import { detectFileKind, type FileKind, KIND_BYTES } from '#protocol/files/file-kind.ts';
import { decodeJson } from '#protocol/values/decode.ts';
import { type Result, refuse } from '#protocol/values/refusal.ts';

/** What a file is by its first bytes; `unknown` where it cannot be read, as a folder cannot. */
export async function readFileKind(file: Blob): Promise<FileKind> {
  try {
    const start = await file.slice(0, KIND_BYTES).arrayBuffer();
    return detectFileKind(new Uint8Array(start), file.size);
  } catch {
    return 'unknown';
  }
}

/** An upload that moves no byte for this long has failed. */
const STALL_MS = 60_000;

interface Control {
  onProgress(share: number): void;
  signal: AbortSignal;
}

/** Posts a job. */
export const postJob = (
  key: string,
  upload: JobUpload,
  control: Control,
): Promise<Result<JobView>> =>
  postForm({ key, path: '/v1/jobs', form: formOf(upload), schema: JobView }, control);

/** Adds a model, its files under their paths. */
export function postModel(
  key: string,
  upload: { files: readonly { name: string; data: Blob }[]; options: ModelOptions },
  control: Control,
): Promise<Result<ModelView>> {
  const form = new FormData();
  for (const { name, data } of upload.files) form.append('model', data, name);
  form.append('options', JSON.stringify(upload.options));
  return postForm({ key, path: '/v1/models', form, schema: ModelView }, control);
}

interface Posting<S> {
  key: string;
  path: string;
  form: FormData;
  schema: S;
}

/** Posts a form by XHR, since `fetch` cannot tell `onProgress` the share of bytes sent. */
function postForm<S extends v.GenericSchema>(
  { key, path, form, schema }: Posting<S>,
  control: Control,
): Promise<Result<v.InferOutput<S>>> {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    let timer = 0;
    const finish = (result: Result<v.InferOutput<S>>) => {
      clearTimeout(timer);
      control.signal.removeEventListener('abort', abort);
      resolve(result);
    };
    const watch = () => {
      clearTimeout(timer);
      timer = setTimeout(() => request.abort(), STALL_MS);
    };
    const abort = () => request.abort();
    request.upload.onprogress = ({ loaded, total }) => {
      watch();
      control.onProgress(total === 0 ? 1 : loaded / total);
    };
    request.onload = () => finish(decodeAnswer(schema, request));
    request.onerror = () => finish({ ok: false, refusal: refuseSilence() });
    request.onabort = () =>
      finish(
        refuse(
          'request-invalid',
          t`The upload was stopped. Nothing was posted; post it again when you like.`,
        ),
      );
    control.signal.addEventListener('abort', abort, { once: true });
    request.open('POST', path);
    request.setRequestHeader('authorization', `Bearer ${key}`);
    watch();
    request.send(form);
  });
}

const decodeAnswer = <S extends v.GenericSchema>(
  schema: S,
  { status, responseText }: XMLHttpRequest,
): Result<v.InferOutput<S>> =>
  status === 201 || status === 200
    ? decodeJson(schema, responseText)
    : { ok: false, refusal: decodeRefusal(status, responseText) };
