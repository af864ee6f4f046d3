import { describeReason } from '#protocol/api/sentences.ts';
import type { TextPrompt } from '#protocol/generation/prompt.ts';
import { readWritten, SLICE_TOKENS_MAX, type WrittenSlice } from '#protocol/generation/slice.ts';
import { unitBytes } from '#protocol/tensors/tensor.ts';
import type { JobId } from '#protocol/values/ids.ts';
import { viewJob } from '../../../core/hub.ts';
import { readWindows } from '../../results/windows.ts';
import { reject } from '../answer.ts';
import { readJob } from '../job-access.ts';
import { type Asking, askLane } from '../lanes/ask-lane.ts';
import type { Asked, Lanes } from '../lanes/lanes.ts';
import { openResults } from '../result-source.ts';
import type { ApiPorts } from '../route.ts';

/** One text that is to be written. */
export interface Writing {
  asking: Asking;
  prompt: TextPrompt;
  /** Tokens at most; undefined for as many as there is room for. */
  most: number | undefined;
  /** Whether what is written is wanted soon, in short slices. */
  isStream: boolean;
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

/** What a client does that waits no longer. */
const WAY = 'send it again, with a longer Prefer: wait=…';
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
    const prompt = { ...writing.prompt, written, newTokens };
    const asked = { ...writing.asking, endpoint: 'completions', body: prompt } as const;
    const slice = await writeSlice(ports, lanes, asked);
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
  asked: Asked,
): Promise<Omit<TextSlice, 'isLast'>> {
  const { placed, waited } = await askLane(ports, lanes, { asked, way: WAY });
  const { job: id, first } = placed;
  const job = await readJob(ports, id);
  if (job === undefined) return reject('job-state', 'the job was removed meanwhile');
  const failed = job.failed.get(first);
  if (waited.is === 'ended' || failed !== undefined) {
    const why = waited.reason && describeReason(waited.reason);
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
