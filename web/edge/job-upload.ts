import { type JobOptions, JobView } from '#protocol/api/job.ts';
import { decodeJson } from '#protocol/values/decode.ts';
import { type Result, refuse } from '#protocol/values/refusal.ts';
import { decodeError, hubSilent } from './hub-api.ts';

/** An upload that moves no byte for this long has failed. */
const STALL_MS = 60_000;

/** What a developer posts: one model, one or more files of inputs, and the options. */
export interface JobUpload {
  model: { name: string; data: Blob };
  inputs: readonly { name: string; data: Blob }[];
  options: JobOptions;
}

/** Posts a job. `onProgress` is told the share of bytes sent; `fetch` cannot say that, so XHR does it. */
export function postJob(
  key: string,
  upload: JobUpload,
  control: { onProgress(share: number): void; signal: AbortSignal },
): Promise<Result<JobView>> {
  const body = new FormData();
  body.append('model', upload.model.data, upload.model.name);
  for (const { name, data } of upload.inputs) body.append('inputs', data, name);
  body.append('options', JSON.stringify(upload.options));
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
    request.onerror = () => finish(hubSilent());
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
    request.send(body);
  });
}

const decodeAnswer = (status: number, text: string): Result<JobView> =>
  status === 201 || status === 200
    ? decodeJson(JobView, text)
    : { ok: false, refusal: decodeError(status, text) };
