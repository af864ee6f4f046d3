import type { KeyView } from '#protocol/api/keys.ts';
import type { ModelView } from '#protocol/api/models.ts';
import type { BatchError, KeptBatch } from '#protocol/openai/batch.ts';
import { PocketgridError } from '#protocol/values/refusal.ts';
import type { ReadBatch } from '../../batches/read-batch.ts';
import { ENDPOINTS } from '../../lanes/endpoints.ts';
import { findModel } from '../kept-models.ts';
import { type BatchPorts, saveBatch } from './ports.ts';
import { inFolder, postTexts } from './post-texts.ts';

/** Lines of a batch that are told of in its errors, of those that are wrong. */
const ERRORS_TOLD = 100;

/** Reads the lines of a batch and posts their jobs. A batch that cannot begin has failed. */
export async function beginBatch(
  ports: BatchPorts,
  batch: KeptBatch,
  key: KeyView,
): Promise<KeptBatch> {
  try {
    return await inFolder(ports, (folder) => begin(ports, { batch, key, folder }));
  } catch (error) {
    if (!(error instanceof PocketgridError)) throw error;
    const { code, message, path = null } = error.refusal;
    return fail(ports, batch, [{ code, message, param: path, line: null }]);
  }
}

async function begin(
  ports: BatchPorts,
  { batch, key, folder }: Pick<Posting, 'batch' | 'key'> & { folder: string },
): Promise<KeptBatch> {
  const { input_file_id: input, endpoint } = batch.view;
  const file = await ports.store.files.find(input);
  if (file === undefined) {
    const message = 'the input file was removed before it was read; upload it again';
    return fail(ports, batch, [{ code: 'file_missing', message, param: null, line: null }]);
  }
  const name = await ports.threads.peekModel(file.blob);
  if (name === undefined) {
    const message = `no line of ${file.view.filename} names a model; each is like {"custom_id":"1","method":"POST","url":"${endpoint}","body":{"model":"…","input":"…"}}`;
    return fail(ports, batch, [{ code: 'invalid_json_line', message, param: null, line: 1 }]);
  }
  const model = await findModel(ports.store.models, name);
  const reading = { file: file.blob, endpoint, model: { name, files: model.files }, folder };
  const read = await ports.threads.readBatch(reading);
  if (read.parts.length === 0) return fail(ports, batch, await tellWrong(ports, read));
  return postJobs(ports, { batch, key, model, name, read });
}

interface Posting {
  batch: KeptBatch;
  key: KeyView;
  model: ModelView;
  name: string;
  read: ReadBatch;
}

async function postJobs(
  ports: BatchPorts,
  { batch, key, model, name, read }: Posting,
): Promise<KeptBatch> {
  const parts = read.parts.map(({ lines }) => ({ job: null, lines }));
  const begun: KeptBatch = {
    ...batch,
    view: {
      ...batch.view,
      model: name,
      request_counts: { total: read.lines, completed: 0, failed: read.wrong.lines },
      usage: usageOf(read.tokens),
    },
    parts,
    wrong: read.wrong.blob,
  };
  await saveBatch(ports, begun);
  for (const [index, { texts }] of read.parts.entries()) {
    const title = `${batch.view.id} ${index + 1}/${parts.length}`;
    const { id } = await postTexts(ports, {
      ...{ key, options: { name: title, task: ENDPOINTS.embeddings.task } },
      ...{ model, texts },
    });
    begun.parts = begun.parts.map((part, at) => (at === index ? { ...part, job: id } : part));
    await saveBatch(ports, begun);
  }
  return {
    ...begun,
    view: { ...begun.view, status: 'in_progress', in_progress_at: ports.seconds() },
  };
}

/** What batches of embeddings come to: only what goes in has tokens. */
export const usageOf = (tokens: number): KeptBatch['view']['usage'] => ({
  ...{ input_tokens: tokens, output_tokens: 0, total_tokens: tokens },
  input_tokens_details: { cached_tokens: 0 },
  output_tokens_details: { reasoning_tokens: 0 },
});

function fail({ seconds }: BatchPorts, batch: KeptBatch, errors: BatchError[]): KeptBatch {
  const { view } = batch;
  const data = errors.slice(0, ERRORS_TOLD);
  return {
    ...batch,
    view: { ...view, status: 'failed', failed_at: seconds(), errors: { object: 'list', data } },
  };
}

/** What is wrong with lines of which none is well. */
async function tellWrong({ blobs }: BatchPorts, { wrong }: ReadBatch): Promise<BatchError[]> {
  if (wrong.blob === null) {
    const message = 'the input file has no lines; write one request on each';
    return [{ code: 'empty_file', message, param: null, line: null }];
  }
  const bytes = await blobs.read(wrong.blob.root, 0, wrong.blob.length);
  const lines = bytes.ok ? new TextDecoder().decode(bytes.value).trim().split('\n') : [];
  return lines.slice(0, ERRORS_TOLD).map((text) => {
    const { error } = JSON.parse(text) as { error: { code: string; message: string } };
    const [, line] = /^line (\d+)/.exec(error.message) ?? [];
    return { ...error, param: null, line: line === undefined ? null : Number(line) };
  });
}
