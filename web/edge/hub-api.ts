import type * as v from 'valibot';
import {
  ApiError,
  GridView,
  Health,
  JobList,
  ReceiptPage,
  VerdictPage,
} from '#protocol/api/api.ts';
import { JobView } from '#protocol/api/job.ts';
import type { Receipt } from '#protocol/records/records.ts';
import { decodeJson, decodeWith } from '#protocol/values/decode.ts';
import type { JobId, PublicKey } from '#protocol/values/ids.ts';
import { accept, type Refusal, type Result, refuse } from '#protocol/values/refusal.ts';
import { addReceipts, nextReceiptUnit } from '../core/receipt-view.ts';

const ANSWER_MS = 20_000;
const DOWNLOAD_MS = 120_000;
/** The hub signs each receipt it hands out, so a page is an answer of moderate length. */
const RECEIPTS_PAGE = 500;

/** What reads a job asks with: the developer's key. */
export interface KeyedRequest {
  key: string;
  job: JobId;
}

export interface ResultRange {
  format: 'safetensors' | 'npy' | 'jsonl';
  from?: number;
  to?: number;
  /** NPY holds one output. */
  output?: string;
}

/** Devices and verifiers online. */
export const fetchGrid = (): Promise<Result<GridView>> => ask('/v1/grid', GridView);

/** Verdicts after a number, oldest first. */
export const fetchVerdicts = (after: number, limit: number): Promise<Result<VerdictPage>> =>
  ask(`/v1/verdicts?after=${after}&limit=${limit}`, VerdictPage);

/** The developer's jobs, newest first. */
export async function fetchJobs(key: string): Promise<Result<JobView[]>> {
  const list = await ask('/v1/jobs', JobList, { key });
  return list.ok ? accept(list.value.jobs) : list;
}

export const fetchJob = ({ key, job }: KeyedRequest): Promise<Result<JobView>> =>
  ask(`/v1/jobs/${job}`, JobView, { key });

export const startJob = ({ key, job }: KeyedRequest): Promise<Result<JobView>> =>
  ask(`/v1/jobs/${job}/start`, JobView, { key, method: 'POST' });

export const cancelJob = ({ key, job }: KeyedRequest): Promise<Result<JobView>> =>
  ask(`/v1/jobs/${job}/cancel`, JobView, { key, method: 'POST' });

/** Results in input order, as a file. */
export function fetchResults(request: KeyedRequest, range: ResultRange): Promise<Result<Blob>> {
  const query = new URLSearchParams({ format: range.format });
  if (range.from !== undefined) query.set('from', String(range.from));
  if (range.to !== undefined) query.set('to', String(range.to));
  if (range.output !== undefined) query.set('output', range.output);
  return askBlob(`/v1/jobs/${request.job}/results?${query}`, request.key);
}

/** Receipts of the shards that end after `from`, by first unit. */
export async function fetchReceiptPage(
  { key, job }: KeyedRequest,
  { from, limit }: { from: number; limit: number },
): Promise<Result<Receipt[]>> {
  const page = await ask(`/v1/jobs/${job}/receipts?from=${from}&limit=${limit}`, ReceiptPage, {
    key,
  });
  return page.ok ? accept(page.value.receipts) : page;
}

/** The signed record of every shard, as one file: read page by page, however many there are. */
export async function fetchReceipts(request: KeyedRequest): Promise<Result<Blob>> {
  let receipts: readonly Receipt[] = [];
  for (let from: number | undefined = 0; from !== undefined; ) {
    const page = await fetchReceiptPage(request, { from, limit: RECEIPTS_PAGE });
    if (!page.ok) return page;
    receipts = addReceipts(receipts, page.value);
    from = nextReceiptUnit(page.value, RECEIPTS_PAGE);
  }
  return accept(new Blob([JSON.stringify({ receipts })], { type: 'application/json' }));
}

/** The key this page's hub signs with. */
export async function fetchHubKey(): Promise<Result<PublicKey>> {
  const health = await ask('/v1/health', Health);
  return health.ok ? accept(health.value.hub) : health;
}

/** A file of our own origin, such as the sample's. */
export async function fetchFile(path: string): Promise<Result<Blob>> {
  const answer = await askBlob(path);
  // A single-page server answers an unknown path with the page itself.
  if (!answer.ok || answer.value.type.startsWith('text/html')) {
    return refuse('not-found', `This hub’s app has no ${path}; build it again with its sample.`);
  }
  return answer;
}

const authorization = (key: string | undefined): Record<string, string> =>
  key === undefined ? {} : { authorization: `Bearer ${key}` };

/** The error every answer that is no answer turns into. */
export const hubSilent = (): Result<never> =>
  refuse(
    'download-failed',
    'The hub did not answer. Check that it runs and that you are online, then try again.',
  );

/** What a call takes beside its path; a `body` is sent as JSON. */
export interface AskOptions {
  key?: string | undefined;
  method?: string;
  body?: unknown;
}

async function send(
  path: string,
  { key, method = 'GET', body, deadlineMs }: AskOptions & { deadlineMs: number },
): Promise<Result<Response>> {
  let response: Response;
  const isJson = body === undefined ? {} : { 'content-type': 'application/json' };
  try {
    response = await fetch(path, {
      method,
      headers: { ...authorization(key), ...isJson },
      signal: AbortSignal.timeout(deadlineMs),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch {
    return hubSilent();
  }
  if (response.ok) return accept(response);
  return {
    ok: false,
    refusal: decodeError(response.status, await response.text().catch(() => '')),
  };
}

/** The refusal inside an error answer; a proxy's own error page gets one by its status. */
export function decodeError(status: number, text: string): Refusal {
  const decoded = decodeJson(ApiError, text);
  if (decoded.ok) return decoded.value.error;
  const message =
    status >= 500
      ? `The hub answered ${status} without a reason; look at its log, then try again.`
      : `The hub answered ${status} without a reason; reload the page and try again.`;
  return { code: status === 404 ? 'not-found' : 'internal', message };
}

/** Asks the hub and decodes what it answers. */
export async function ask<TSchema extends v.GenericSchema>(
  path: string,
  schema: TSchema,
  options: AskOptions = {},
): Promise<Result<v.InferOutput<TSchema>>> {
  const answer = await send(path, { ...options, deadlineMs: ANSWER_MS });
  if (!answer.ok) return answer;
  try {
    return decodeWith(schema, await answer.value.json());
  } catch {
    return hubSilent();
  }
}

/** Tells the hub something it answers with nothing. */
export async function tell(path: string, options: AskOptions): Promise<Result<true>> {
  const answer = await send(path, { ...options, deadlineMs: ANSWER_MS });
  return answer.ok ? accept(true) : answer;
}

/** Asks the hub for bytes. */
export async function askBlob(path: string, key?: string): Promise<Result<Blob>> {
  const answer = await send(path, { key, deadlineMs: DOWNLOAD_MS });
  if (!answer.ok) return answer;
  try {
    return accept(await answer.value.blob());
  } catch {
    return hubSilent();
  }
}
