import { readFile } from 'node:fs/promises';
import * as v from 'valibot';
import { JobView } from '#protocol/api/job.ts';
import { decodeNpy, encodeNpy } from '#protocol/tensors/npy.ts';
import { openProgram, type Program } from './command.ts';
import type { BenchContext } from './figure.ts';

const READY_MS_MAX = 60_000;
const CALL_MS_MAX = 120_000;
const POLL_MS = 200;

export interface BenchHub {
  url: string;
  /** Public key. */
  hub: string;
  /** Developer key. */
  key: string;
  program: Program;
  createJob(job: { model: Uint8Array; inputs: Uint8Array; options: object }): Promise<JobView>;
  startJob(job: string): Promise<JobView>;
  cancelJob(job: string): Promise<JobView>;
  /** Polls until the job is in one of these states; throws when it is refused or late. */
  awaitJob(job: string, states: readonly JobView['state'][], timeoutMs: number): Promise<JobView>;
  /** Any GET of the API, as JSON. */
  read(path: string): Promise<unknown>;
}

/** The real hub in a process of its own, on a fresh data folder and any free port. */
export async function openHub(
  context: BenchContext,
  folder: string,
  words: readonly string[] = [],
): Promise<BenchHub> {
  const program = openProgram(['hub/main.ts', '--port', '0', '--data', folder, ...words], context);
  const ready = await program.hear('ready', READY_MS_MAX);
  const [url, hub, key] = [String(ready['url']), String(ready['hub']), String(ready['key'])];
  const call = async (path: string, init: RequestInit = {}): Promise<unknown> => {
    const response = await fetch(new URL(path, url), {
      ...init,
      signal: AbortSignal.timeout(CALL_MS_MAX),
      headers: { authorization: `Bearer ${key}` },
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${text.slice(0, 300)}`);
    return JSON.parse(text);
  };
  const job = async (path: string, init?: RequestInit) =>
    v.parse(JobView, await call(`/v1/jobs${path}`, init));
  return {
    url,
    hub,
    key,
    program,
    createJob: ({ model, inputs, options }) => {
      const form = new FormData();
      form.set('options', JSON.stringify(options));
      form.set('model', new Blob([new Uint8Array(model)]), 'model.onnx');
      form.set('inputs', new Blob([new Uint8Array(inputs)]), 'inputs.npy');
      return job('', { method: 'POST', body: form });
    },
    startJob: (id) => job(`/${id}/start`, { method: 'POST' }),
    cancelJob: (id) => job(`/${id}/cancel`, { method: 'POST' }),
    async awaitJob(id, states, timeoutMs) {
      const until = performance.now() + timeoutMs;
      for (;;) {
        const view = await job(`/${id}`);
        if (states.includes(view.state)) return view;
        const ended = view.state === 'refused' || view.state === 'cancelled';
        if (ended || performance.now() > until) {
          throw new Error(`job ${id} is ${view.state}, not ${states.join(' or ')}: ${view.reason}`);
        }
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
    },
    read: call,
  };
}

/** The sample's pictures, repeated until there are `items` of them, as NPY. */
export async function repeatDigits(items: number): Promise<Uint8Array> {
  const decoded = decodeNpy(await readFile('public/sample/digits.npy'));
  if (!decoded.ok) throw new Error(decoded.refusal.message);
  const { dtype, shape, data } = decoded.value;
  const [rows = 1, ...rest] = shape;
  const row = data.length / rows;
  const all = new Uint8Array(items * row);
  for (let at = 0; at < all.length; at += data.length) {
    all.set(data.subarray(0, Math.min(data.length, all.length - at)), at);
  }
  return encodeNpy({ dtype, shape: [items, ...rest], data: all });
}
