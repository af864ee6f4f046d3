import { t } from '@lingui/core/macro';
import { type HubClient, openClient } from '#client/client.ts';
import { openDeadline } from '#client/deadline.ts';
import { embed } from '#client/embeddings.ts';
import { cancelJob, readJob } from '#client/jobs.ts';
import { readReceiptPage } from '#client/receipts.ts';
import type { JobOptions, JobView } from '#protocol/api/job.ts';
import type { Receipt } from '#protocol/records/records.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import { JobId } from '#protocol/values/ids.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import type { AnswerRow } from '../../core/answers.ts';
import { hasResults, isEnded } from '../../core/job-view.ts';
import { sayReason } from '../../core/language.ts';
import type { Line } from '../../core/playground.ts';
import type { RunState } from '../../core/run-view.ts';
import { type KeyedRequest, openHub } from '../hub.ts';
import { fetchLines } from './answers.ts';
import { watchJob } from './events.ts';
import { postJob } from './upload.ts';

/** A page waits no longer for a job; the job goes on. */
const RUN_MS_MAX = 10 * 60_000;
/** Items whose answers are shown at once; the job's page has all of them. */
const SHOWN_MAX = 100;

/** What a model is asked: typed lines, or files. */
export interface TaskRun {
  options: JobOptions;
  lines: readonly Line[];
  files: readonly { name: string; data: Blob }[];
}

/** The first answers of a run, and where the rest of them is. */
export interface TaskAnswers {
  rows: readonly AnswerRow[];
  /** The same as JSON Lines. */
  file: Blob;
  /** Of the whole run. */
  items: number;
  job?: JobId;
  /** Of the first shard. */
  receipt?: Receipt;
}

interface Control {
  onState(state: RunState): void;
  signal: AbortSignal;
}

/**
 * Asks a model and waits for its answers: as a job, and for vectors of typed texts in one call.
 * Stopped by its signal, it cancels the job.
 */
export async function runTask(
  key: string,
  run: TaskRun,
  control: Control,
): Promise<Result<TaskAnswers>> {
  const texts = run.lines.filter((line) => typeof line === 'string');
  const isEmbedding = run.options.task?.name === 'feature-extraction' && texts.length > 0;
  return isEmbedding
    ? embedTexts(key, { model: run.options.model ?? '', texts }, control)
    : runJob(key, run, control);
}

async function runJob(key: string, run: TaskRun, control: Control): Promise<Result<TaskAnswers>> {
  const { options, lines } = run;
  const text = lines.map((line) => JSON.stringify(line)).join('\n');
  const inputs = lines.length === 0 ? run.files : [{ name: 'lines.jsonl', data: new Blob([text]) }];
  control.onState({ step: 'sending', share: 0 });
  const posted = await postJob(
    key,
    { inputs, options },
    {
      onProgress: (share) => control.onState({ step: 'sending', share }),
      signal: control.signal,
    },
  );
  if (!posted.ok) return posted;
  const request = { key, job: posted.value.id };
  const ended = await followJob(request, control);
  if (control.signal.aborted) await cancelJob(openHub(key), request.job);
  if (!ended.ok) return ended;
  if (!hasResults(ended.value)) return refuseEnd(ended.value);
  return readAnswers(request, ended.value);
}

function refuseEnd({ refusal, reason }: JobView): Result<never> {
  return refusal === undefined ? refuse('job-state', sayReason(reason)) : { ok: false, refusal };
}

/** The job once its results can be read, or it has ended without. */
function followJob(request: KeyedRequest, { onState, signal }: Control): Promise<Result<JobView>> {
  const deadline = openDeadline(RUN_MS_MAX, signal);
  return new Promise((resolve) => {
    const end = (result: Result<JobView>) => {
      watch.close();
      deadline.close();
      resolve(result);
    };
    const stop = () =>
      end(
        deadline.isLate()
          ? refuse('busy', t`The job takes longer than ten minutes; it goes on under Jobs.`)
          : refuse('request-invalid', t`The run was stopped and its job cancelled; run it again.`),
      );
    const watch = watchJob(request, {
      onEvent: ({ job }) => {
        onState({ step: 'job', job });
        if (hasResults(job) || isEnded(job.state)) end(accept(job));
      },
      onLost: () => undefined,
      onRefused: (refusal) => end({ ok: false, refusal }),
    });
    deadline.signal.addEventListener('abort', stop, { once: true });
  });
}

async function readAnswers(
  { key, job }: KeyedRequest,
  view: JobView,
): Promise<Result<TaskAnswers>> {
  const hub = openHub(key);
  const range = { job: view, from: 0, to: Math.min(SHOWN_MAX, view.items) };
  const [found, receipts] = await Promise.all([
    fetchLines({ key, job }, range),
    readReceiptPage(hub, { job, from: 0, limit: 1 }),
  ]);
  if (!found.ok) return found;
  const [receipt] = receipts.ok ? receipts.value : [];
  return accept({ ...found.value, items: view.items, job, ...(receipt && { receipt }) });
}

async function embedTexts(
  key: string,
  { model, texts }: { model: string; texts: readonly string[] },
  { onState, signal }: Control,
): Promise<Result<TaskAnswers>> {
  onState({ step: 'asked', texts: texts.length });
  let headers = new Headers();
  const send = async (request: Request) => {
    const response = await fetch(request);
    headers = response.headers;
    return response;
  };
  const hub = openClient({ hub: location.origin, key, send });
  const found = await embed(hub, { model, texts }, { signal });
  if (!found.ok) return found;
  const vectors = found.value.map((vector) => Array.from(vector));
  const lines = vectors.map((embedding) => `${JSON.stringify({ embedding })}\n`);
  const rows = vectors.map(
    (vector, item): AnswerRow => ({
      item,
      answer: { kind: 'vector', vector },
    }),
  );
  const answers = { rows, file: new Blob(lines), items: rows.length };
  const placed = await findPlace(hub, headers);
  return accept({ ...answers, ...placed });
}

/** The job that the vectors are items of, and the receipt of the first of them. */
async function findPlace(
  hub: HubClient,
  headers: Headers,
): Promise<Pick<TaskAnswers, 'job' | 'receipt'>> {
  const name = decodeWith(JobId, headers.get('x-pocketgrid-job'));
  const first = Number.parseInt(headers.get('x-pocketgrid-items') ?? '0', 10);
  if (!name.ok) return {};
  const job = await readJob(hub, name.value);
  if (!job.ok) return {};
  const { id, unitItems } = job.value;
  const from = Math.floor(first / unitItems);
  const receipts = await readReceiptPage(hub, { job: id, from, limit: 1 });
  const [receipt] = receipts.ok ? receipts.value : [];
  return { job: id, ...(receipt && { receipt }) };
}
