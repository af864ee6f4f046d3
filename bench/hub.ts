import { readFile } from 'node:fs/promises';
import { type HubClient, openClient } from '#client/client.ts';
import { postJob, readJob } from '#client/jobs.ts';
import { openMemoryReader, type ProgramMemory } from '#node/inspect-memory.ts';
import type { JobOptions, JobView } from '#protocol/api/job.ts';
import { describeReason } from '#protocol/api/sentences.ts';
import { decodeNpy, encodeNpy } from '#protocol/tensors/npy.ts';
import type { JobId } from '#protocol/values/ids.ts';
import { must } from '#protocol/values/refusal.ts';
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
  /** What it holds once its garbage is collected, where it was started with `INSPECT`. */
  memory(): Promise<ProgramMemory>;
  /** Calls with the developer's key. */
  client: HubClient;
}

/** Where a hub is opened, and with which flags of Node. */
export type HubContext = BenchContext & { nodeFlags?: readonly string[] };

/** The real hub in a process of its own, on a fresh data folder and any free port. */
export async function openHub(
  context: HubContext,
  folder: string,
  words: readonly string[] = [],
): Promise<BenchHub> {
  const { nodeFlags = [] } = context;
  const all = [...nodeFlags, 'hub/main.ts', '--port', '0', '--data', folder, ...words];
  const program = openProgram(all, context);
  const memory = openMemoryReader(program.errors);
  const ready = await program.hear('ready', READY_MS_MAX);
  const [url, hub, key] = [String(ready['url']), String(ready['hub']), String(ready['key'])];
  const client = openClient({ hub: url, key, timeoutMs: CALL_MS_MAX });
  return { url, hub, key, program, memory, client };
}

/** Posts a job of one model and one NPY file. Throws when it is refused. */
export async function createJob(
  { client }: BenchHub,
  { model, inputs, options }: { model: Uint8Array; inputs: Uint8Array; options: JobOptions },
): Promise<JobView> {
  const file = (name: string, bytes: Uint8Array) => ({
    name,
    data: new Blob([new Uint8Array(bytes)]),
  });
  return must(
    await postJob(client, {
      model: file('model.onnx', model),
      inputs: [file('inputs.npy', inputs)],
      options,
    }),
  );
}

/** Polls until a job is in one of these states; throws when it is refused or late. */
export async function awaitJob(
  { client }: BenchHub,
  job: JobId,
  { states, timeoutMs }: { states: readonly JobView['state'][]; timeoutMs: number },
): Promise<JobView> {
  const until = performance.now() + timeoutMs;
  for (;;) {
    const view = must(await readJob(client, job));
    if (states.includes(view.state)) return view;
    const ended = view.state === 'refused' || view.state === 'cancelled';
    if (ended || performance.now() > until) {
      throw new Error(
        `job ${job} is ${view.state}, not ${states.join(' or ')}: ${describeReason(view.reason)}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
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
