import type { ModelFile } from '#protocol/api/models.ts';
import { decodeLines } from '#protocol/files/text.ts';
import type { BlobRef } from '#protocol/models/package.ts';
import { fault, must } from '#protocol/values/refusal.ts';
import type { BlobStore } from '../blobs/port.ts';
import { UNITS_BYTES_MAX } from '../inputs/units.ts';
import { readSettings } from '../tasks/kept-settings.ts';
import { openTokenizer } from '../tasks/tokenizer.ts';
import { BATCH_LINES_MAX, nameModel, readBatchLines } from './batch-lines.ts';
import { type BatchPart, openBatchParts } from './batch-parts.ts';

/** What of a batch is to be read. */
export interface BatchReading {
  file: BlobRef;
  endpoint: string;
  /** As the lines name it, and its files. */
  model: { name: string; files: readonly ModelFile[] };
  /** Where texts may lie until jobs are made of them. */
  folder: string;
}

/** What lines come to. */
export interface ReadBatch {
  lines: number;
  /** JSON Lines of what is wrong. */
  wrong: { blob: BlobRef | null; lines: number };
  tokens: number;
  parts: BatchPart[];
}

/** As OpenAI's API has it. */
const BATCH_TEXTS_MAX = 50_000;
const MODEL_PEEK_BYTES = 1024 * 1024;

type Blobs = Pick<BlobStore, 'read' | 'stream' | 'put'>;

/** The model that the first lines of a file name. */
export async function peekModel(
  { root, length }: BlobRef,
  blobs: Blobs,
): Promise<string | undefined> {
  const bytes = must(await blobs.read(root, 0, Math.min(length, MODEL_PEEK_BYTES)));
  return nameModel(new TextDecoder().decode(bytes));
}

/** Reads a batch and sorts its texts by length, so that short ones are not filled up to long ones. */
export async function readBatch(reading: BatchReading, blobs: Blobs): Promise<ReadBatch> {
  const { file, model, endpoint, folder } = reading;
  const text = decodeLines(must(await blobs.stream(file.root, 0, file.length)));
  const tokenizer = must(openTokenizer(await readSettings(model.files, blobs)));
  const wrong: string[] = [];
  const good = { lines: 0, texts: 0, tokens: 0 };
  const put = async (bytes: Uint8Array) => must(await blobs.put(bytes, UNITS_BYTES_MAX));
  const parts = openBatchParts(folder, put);
  for await (const line of readBatchLines(text, { endpoint, model: model.name, tokenizer })) {
    if (good.lines + wrong.length >= BATCH_LINES_MAX) {
      throw fault('input-too-big', `a batch has at most ${BATCH_LINES_MAX} lines; send several`);
    }
    if ('error' in line) {
      wrong.push(sayWrong(line));
      continue;
    }
    good.lines += 1;
    good.texts += line.texts.length;
    good.tokens += line.line.tokens;
    if (good.texts > BATCH_TEXTS_MAX) {
      throw fault('input-too-big', `a batch has at most ${BATCH_TEXTS_MAX} texts; send several`);
    }
    await parts.add(line);
  }
  return {
    lines: good.lines + wrong.length,
    wrong: {
      blob: wrong.length === 0 ? null : await put(new TextEncoder().encode(wrong.join(''))),
      lines: wrong.length,
    },
    tokens: good.tokens,
    parts: await parts.close(),
  };
}

/** A line of the error file (OpenAI, Batch, request output object). */
const sayWrong = ({ custom_id, error }: { custom_id: string | null; error: object }): string =>
  `${JSON.stringify({ id: null, custom_id, response: null, error })}\n`;
