import * as v from 'valibot';
import type { BlobRef } from '#protocol/models/package.ts';
import { BatchLine, type KeptBatch } from '#protocol/openai/batch.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import { must } from '#protocol/values/refusal.ts';
import { readJob } from '../job-access.ts';
import { readBatchResults } from './batch-results.ts';
import { keepFile } from './keep-file.ts';
import type { BatchPorts } from './ports.ts';

/** What is said of lines that were not answered. */
const MISSING = {
  completed: { code: 'not_computed', message: 'the job of this line ended without its answer' },
  expired: { code: 'batch_expired', message: 'this line was not answered within 24 hours' },
  cancelled: {
    code: 'batch_cancelled',
    message: 'the batch was cancelled before this line was answered',
  },
} as const;

/** Writes the files of a batch whose jobs have ended: answers, and what is said in place of some. */
export async function endBatch(
  ports: BatchPorts,
  batch: KeptBatch,
  end: keyof typeof MISSING,
): Promise<KeptBatch> {
  const { view, owner } = batch;
  const errors: string[] = batch.wrong === null ? [] : [await readText(ports, batch.wrong)];
  const counts = { ...view.request_counts, completed: 0 };
  counts.failed = errors.length === 0 ? 0 : (errors[0] ?? '').trim().split('\n').length;
  async function* answers() {
    for (const part of batch.parts) {
      const lines = await readLines(ports, part.lines);
      const job = part.job === null ? undefined : await readJob(ports, part.job);
      const missing = MISSING[end];
      const results =
        job === undefined
          ? lines.map((line) => ({ line, error: missing }))
          : readBatchResults(ports, job, { lines, missing });
      for await (const result of results) {
        if ('error' in result) {
          counts.failed += 1;
          errors.push(sayError(result.line, result.error));
        } else {
          counts.completed += result.lines.length;
          yield await ports.threads.printBatch({ ...result, model: view.model ?? '' });
        }
      }
    }
  }
  const file = (name: string, bytes: AsyncIterable<Uint8Array>) =>
    keepFile(ports, { owner, name: `${view.id}_${name}.jsonl`, purpose: 'batch_output', bytes });
  const output = await file('output', answers());
  const wrong = errors.length === 0 ? undefined : await file('errors', toBytes(errors));
  return {
    ...batch,
    view: {
      ...view,
      status: end,
      [`${end}_at`]: ports.seconds(),
      output_file_id: output?.view.id ?? null,
      error_file_id: wrong?.view.id ?? null,
      request_counts: counts,
    },
  };
}

async function* toBytes(texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield new TextEncoder().encode(text);
}

/** A line of the error file (OpenAI, Batch, request output object). */
const sayError = ({ custom_id }: BatchLine, error: object): string =>
  `${JSON.stringify({ id: null, custom_id, response: null, error })}\n`;

async function readText({ blobs }: BatchPorts, { root, length }: BlobRef): Promise<string> {
  return new TextDecoder().decode(must(await blobs.read(root, 0, length)));
}

async function readLines(ports: BatchPorts, blob: BlobRef): Promise<BatchLine[]> {
  const lines = (await readText(ports, blob)).trim().split('\n');
  return must(
    decodeWith(
      v.array(BatchLine),
      lines.map((line) => JSON.parse(line) as unknown),
    ),
  );
}
