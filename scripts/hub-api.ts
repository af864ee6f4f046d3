import * as v from 'valibot';
import { ApiError, GridView, VerdictPage } from '#protocol/api/api.ts';
import { type JobOptions, JobView } from '#protocol/api/job.ts';
import { JobEvent } from '#protocol/messages/control.ts';
import type { SignedVerdict } from '#protocol/records/records.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import { PocketgridError } from '#protocol/values/refusal.ts';

const CALL_MS_MAX = 60_000;
const VERDICTS_A_PAGE = 500;

export interface HubApi {
  /** Any call with a JSON answer. */
  ask<S extends v.GenericSchema>(schema: S, path: string): Promise<v.InferOutput<S>>;
  post<S extends v.GenericSchema>(
    schema: S,
    path: string,
    body: unknown,
  ): Promise<v.InferOutput<S>>;
  createJob(job: { options: JobOptions; model: Blob; inputs: File }): Promise<JobView>;
  startJob(job: string): Promise<JobView>;
  readJob(job: string): Promise<JobView>;
  /** Every change of a job from now on, until the stream ends or `signal` aborts. */
  watchJob(job: string, signal: AbortSignal): AsyncGenerator<JobView>;
  /** Items [0, to) of the job's one output, as NPY. */
  readResults(job: string, to: number): Promise<Uint8Array>;
  readVerdicts(): Promise<SignedVerdict[]>;
  readGrid(): Promise<GridView>;
}

export type Send = (request: Request) => Promise<Response>;

export interface HubApiOptions {
  hub: string;
  key: string;
  /** How to reach it: `fetch`, or one that trusts the hub's own certificate. */
  send: Send;
}

/** The HTTP API of a hub, as a developer calls it. A refusal is thrown as `PocketgridError`. */
export function openHubApi({ hub, key, send }: HubApiOptions): HubApi {
  const call = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const signal = AbortSignal.timeout(CALL_MS_MAX);
    const request = new Request(new URL(path, hub), { signal, ...init });
    request.headers.set('authorization', `Bearer ${key}`);
    const response = await send(request);
    if (response.ok) return response;
    throw await readRefusal(path, response);
  };
  const ask = async <S extends v.GenericSchema>(schema: S, path: string, init?: RequestInit) =>
    decode(schema, await (await call(path, init)).json());
  const job = (id: string) => `/v1/jobs/${id}`;
  return {
    ask: (schema, path) => ask(schema, path),
    post: (schema, path, body) => {
      const headers = { 'content-type': 'application/json' };
      return ask(schema, path, { method: 'POST', headers, body: JSON.stringify(body) });
    },
    createJob: ({ options, model, inputs }) => {
      const form = new FormData();
      form.set('options', JSON.stringify(options));
      form.set('model', model, 'digits.onnx');
      form.set('inputs', inputs, inputs.name);
      return ask(JobView, '/v1/jobs', { method: 'POST', body: form });
    },
    startJob: (id) => ask(JobView, `${job(id)}/start`, { method: 'POST' }),
    readJob: (id) => ask(JobView, job(id)),
    watchJob: async function* (id, signal) {
      const { body } = await call(`${job(id)}/events`, { signal });
      if (body !== null) yield* readEvents(body);
    },
    readResults: async (id, to) => {
      const response = await call(`${job(id)}/results?from=0&to=${to}&format=npy`);
      return new Uint8Array(await response.arrayBuffer());
    },
    readVerdicts: async () => {
      const found: SignedVerdict[] = [];
      for (let after = 0; ; ) {
        const path = `/v1/verdicts?after=${after}&limit=${VERDICTS_A_PAGE}`;
        const page = await ask(VerdictPage, path);
        found.push(...page.verdicts.map(({ signed }) => signed));
        if (page.verdicts.length === 0 || page.next <= after) return found;
        after = page.next;
      }
    },
    readGrid: () => ask(GridView, '/v1/grid'),
  };
}

/** The `job` events of an SSE body (WHATWG HTML §9.2). */
async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<JobView> {
  const decoder = new TextDecoder();
  let held = '';
  for await (const chunk of body) {
    held += decoder.decode(chunk, { stream: true });
    const blocks = held.split(/\r?\n\r?\n/);
    held = blocks.pop() ?? '';
    for (const block of blocks) {
      const lines = block.split(/\r?\n/);
      const data = lines.filter((line) => line.startsWith('data:')).map((line) => line.slice(5));
      if (lines.includes('event: job') && data.length > 0) {
        yield decode(JobEvent, JSON.parse(data.join('\n'))).job;
      }
    }
  }
}

function decode<S extends v.GenericSchema>(schema: S, value: unknown): v.InferOutput<S> {
  const decoded = decodeWith(schema, value);
  if (decoded.ok) return decoded.value;
  throw new PocketgridError(decoded.refusal);
}

async function readRefusal(path: string, response: Response): Promise<Error> {
  const text = await response.text();
  try {
    return new PocketgridError(v.parse(ApiError, JSON.parse(text)).error);
  } catch {
    return new Error(`${path} answered ${response.status}: ${text.slice(0, 300)}`);
  }
}
