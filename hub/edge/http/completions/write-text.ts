import type { Assurance } from '#protocol/api/job.ts';
import type { KeyView } from '#protocol/api/keys.ts';
import type { ModelView } from '#protocol/api/models.ts';
import { describeReason } from '#protocol/api/sentences.ts';
import type { TextPrompt } from '#protocol/generation/prompt.ts';
import { readWritten, SLICE_TOKENS_MAX, type WrittenSlice } from '#protocol/generation/slice.ts';
import { unitBytes } from '#protocol/tensors/tensor.ts';
import type { JobId } from '#protocol/values/ids.ts';
import { viewJob } from '../../../core/hub.ts';
import type { NamedModel } from '../../lanes/read-request.ts';
import { readWindows } from '../../results/windows.ts';
import { reject } from '../answer.ts';
import { readJob } from '../job-access.ts';
import { awaitUnits } from '../lanes/await-units.ts';
import type { Lanes } from '../lanes/lanes.ts';
import { openResults } from '../result-source.ts';
import type { ApiPorts } from '../route.ts';

/** One text that is to be written. */
export interface Writing {
  key: KeyView;
  model: NamedModel;
  kept: ModelView;
  assurance: Assurance;
  prompt: TextPrompt;
  /** Tokens at most; undefined for as many as there is room for. */
  most: number | undefined;
  /** Whether what is written is wanted soon, in short slices. */
  isStream: boolean;
  /** Aborted when nobody waits any more. */
  signal: AbortSignal;
}

/** A slice of a text that was written and may be read. */
export interface TextSlice extends WrittenSlice {
  job: JobId;
  item: number;
  promptTokens: number;
  /** Tokens that the model takes, prompt and all. */
  context: number;
  /** The package that wrote it. */
  fingerprint: string;
  /** The text ends with it. */
  isLast: boolean;
}

/** The first slice is short, so that something is to be seen soon. */
const FIRST_TOKENS = 16;
const NEXT_TOKENS = 64;

/**
 * Writes a text slice by slice: each is an item of a job that is open for such, on whatever device has
 * it. Ends with the slice that ends the text. Throws what is wrong with the request, and `busy` where
 * a slice does not come in time.
 */
export async function* writeText(
  ports: ApiPorts,
  lanes: Lanes,
  writing: Writing,
): AsyncGenerator<TextSlice> {
  const { most = Number.POSITIVE_INFINITY, isStream } = writing;
  const written: number[] = [];
  for (;;) {
    const usual = written.length === 0 ? FIRST_TOKENS : NEXT_TOKENS;
    const newTokens = Math.min(isStream ? usual : SLICE_TOKENS_MAX, most - written.length);
    const slice = await writeSlice(ports, lanes, {
      ...writing,
      prompt: { ...writing.prompt, written, newTokens },
    });
    written.push(...slice.tokens);
    const isShort = slice.tokens.length < newTokens;
    const isFull = slice.promptTokens + written.length >= slice.context;
    const isLast = slice.end === 'stop' || isShort || isFull || written.length >= most;
    yield { ...slice, isLast };
    if (isLast) return;
  }
}

async function writeSlice(
  ports: ApiPorts,
  lanes: Lanes,
  writing: Writing,
): Promise<Omit<TextSlice, 'isLast'>> {
  const { prompt, signal, ...asked } = writing;
  const request = { ...asked, endpoint: 'completions', body: prompt, signal } as const;
  const placed = await lanes.place(request).catch((error) => {
    return error === signal.reason ? rejectLate() : Promise.reject(error);
  });
  const { job: id, first } = placed;
  const waited = await awaitUnits(ports, { ...placed, signal });
  const why = waited.reason === undefined ? undefined : describeReason(waited.reason);
  if (waited.is === 'late') return rejectLate(why);
  const job = await readJob(ports, id);
  if (job === undefined) return reject('job-state', 'the job was removed meanwhile');
  const failed = job.failed.get(first);
  if (waited.is === 'ended' || failed !== undefined) {
    return reject(
      'item-failed',
      `the text could not be written: ${why ?? 'the model failed on it'}`,
    );
  }
  const { outputs, items, unitItems } = viewJob(ports.hub, job);
  const range = { from: first, to: first + 1, items, unitItems, format: 'npy' } as const;
  const source = await openResults(ports, job);
  for await (const { units } of readWindows(source, range, unitBytes(outputs))) {
    const [bytes] = units;
    if (bytes === undefined) break;
    return {
      ...readWritten(bytes),
      ...{ job: id, item: first, promptTokens: placed.line.tokens },
      context: job.record.draft.runtime.inputs[0]?.shape[1] ?? 0,
      fingerprint: job.packageId ?? '',
    };
  }
  return reject('internal', 'the slice has no outputs; look at the log of the hub');
}

/** What was placed goes on: the same request is answered soon after. */
const rejectLate = (state = 'its model is prepared'): never =>
  reject(
    'busy',
    `no answer in the time that the client waits: ${state}; send it again, with a longer Prefer: wait=…`,
  );
