import { formOf, type JobUpload } from '#client/jobs.ts';
import { decodeRefusal, refuseSilence } from '#client/refusals.ts';
import { JobView } from '#protocol/api/job.ts';
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

/** Posts a job by XHR, since `fetch` cannot tell `onProgress` the share of bytes sent. */
export function postJob(
  key: string,
  upload: JobUpload,
  control: { onProgress(share: number): void; signal: AbortSignal },
): Promise<Result<JobView>> {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    let timer = 0;
    const finish = (result: Result<JobView>) => {
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
    request.onload = () => finish(decodeAnswer(request.status, request.responseText));
    request.onerror = () => finish({ ok: false, refusal: refuseSilence() });
    request.onabort = () =>
      finish(
        refuse(
          'request-invalid',
          'The upload was stopped. Nothing was posted; post it again when you like.',
        ),
      );
    control.signal.addEventListener('abort', abort, { once: true });
    request.open('POST', '/v1/jobs');
    request.setRequestHeader('authorization', `Bearer ${key}`);
    watch();
    request.send(formOf(upload));
  });
}

const decodeAnswer = (status: number, text: string): Result<JobView> =>
  status === 201 || status === 200
    ? decodeJson(JobView, text)
    : { ok: false, refusal: decodeRefusal(status, text) };
