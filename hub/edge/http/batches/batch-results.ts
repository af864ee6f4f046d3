import type { JobView } from '#protocol/api/job.ts';
import type { BatchLine } from '#protocol/openai/batch.ts';
import { decodeNpy } from '#protocol/tensors/npy.ts';
import type { Tensor } from '#protocol/tensors/tensor.ts';
import { must } from '#protocol/values/refusal.ts';
import { type Job, mayRead, viewJob } from '../../../core/hub.ts';
import { encodeResults, type ResultSource } from '../../results/encode.ts';
import { listFailures } from '../../results/failures.ts';
import { type ResultRange, unitsOf } from '../../results/range.ts';
import { openResults } from '../result-source.ts';
import type { ApiPorts } from '../route.ts';

type Ports = Pick<ApiPorts, 'hub' | 'store' | 'blobs' | 'threads'>;

/** Lines with their vectors; or one line with what is said in place of an answer. */
export type LineResult =
  | { lines: readonly BatchLine[]; vectors: Tensor }
  | { line: BatchLine; error: { code: string; message: string } };

/** Texts whose vectors are in memory at once. */
const TEXTS_AT_ONCE = 256;

/** A job whose results are read. */
interface Reading extends Pick<JobView, 'outputs' | 'items' | 'unitItems'> {
  job: Job;
  source: ResultSource;
}

/** Lines of a job. */
interface Part {
  lines: readonly BatchLine[];
  missing: { code: string; message: string };
  /** The item of its first text. */
  from?: number;
}

interface Group {
  lines: readonly BatchLine[];
  /** The item of its first text. */
  from: number;
}

/**
 * The results of a part of a batch, line by line in order: `missing` is said of lines whose units
 * were not computed.
 */
export async function* readBatchResults(
  ports: Ports,
  job: Job,
  { lines, missing, ...own }: Part,
): AsyncGenerator<LineResult> {
  const { outputs, items, unitItems } = viewJob(ports.hub, job);
  const reading = { job, source: await openResults(ports, job), outputs, items, unitItems };
  let { from = 0 } = own;
  for (let at = 0; at < lines.length; ) {
    let count = 0;
    let texts = 0;
    while (at + count < lines.length && (count === 0 || texts < TEXTS_AT_ONCE)) {
      texts += lines[at + count]?.texts ?? 0;
      count += 1;
    }
    const group = { lines: lines.slice(at, at + count), from };
    const whole = await readGroup(reading, group);
    if (whole !== undefined) yield whole;
    else yield* readEach(reading, { ...group, missing });
    at += count;
    from += texts;
  }
}

/** Lines of a group that cannot be read together, one by one. */
async function* readEach(
  reading: Reading,
  group: Group & { missing: { code: string; message: string } },
): AsyncGenerator<LineResult> {
  let { from } = group;
  for (const line of group.lines) {
    const one = { lines: [line], from };
    const [failure] = listFailures(reading.job.failed, rangeOf(reading, one)).values();
    const read = failure ? undefined : await readGroup(reading, one);
    const { code, message } = failure ?? group.missing;
    yield read ?? { line, error: { code, message } };
    from += line.texts;
  }
}

/** Undefined where an item of the group failed or is not there. */
async function readGroup(reading: Reading, group: Group): Promise<LineResult | undefined> {
  const { job, source, outputs } = reading;
  const range = rangeOf(reading, group);
  if (listFailures(job.failed, range).size > 0 || !mayRead(job, ...unitsOf(range)))
    return undefined;
  const encoded = await encodeResults(outputs, source, range);
  if (!encoded.ok) return undefined;
  const chunks: Uint8Array[] = [];
  for await (const chunk of encoded.value.chunks) chunks.push(chunk);
  return { lines: group.lines, vectors: must(decodeNpy(Buffer.concat(chunks))) };
}

function rangeOf({ items, unitItems }: Reading, { lines, from }: Group): ResultRange {
  const texts = lines.reduce((sum, line) => sum + line.texts, 0);
  return { from, to: from + texts, items, unitItems, format: 'npy' };
}
