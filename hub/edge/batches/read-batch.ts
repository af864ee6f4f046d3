import { join } from 'node:path';
import type { ModelFile } from '#protocol/api/models.ts';
import { decodeText } from '#protocol/files/text.ts';
import type { BlobRef } from '#protocol/models/package.ts';
import { fault, must } from '#protocol/values/refusal.ts';
import type { BlobStore } from '../blobs/port.ts';
import { type Spool, spoolTexts } from '../inputs/spool.ts';
import { UNITS_BYTES_MAX } from '../inputs/units.ts';
import { bucketOf } from '../tasks/token-rows.ts';
import { openModelTokenizer } from '../tasks/tokenizer-file.ts';
import { BATCH_LINES_MAX, type GoodLine, nameModel, readBatchLines } from './batch-lines.ts';

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
  /** Lines whose texts are about as long as each other: a job each. */
  parts: { lines: BlobRef; texts: Spool; longest: number }[];
}

/** As OpenAI's API has it. */
const BATCH_TEXTS_MAX = 50_000;
/** Texts of one job are few only where all are. */
const PART_TEXTS_LEAST = 256;
const MODEL_PEEK_BYTES = 1024 * 1024;

type Blobs = Pick<BlobStore, 'read' | 'put'>;

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
  const text = must(decodeText(must(await blobs.read(file.root, 0, file.length))));
  const { tokenizer } = await openModelTokenizer(model.files, blobs);
  const good: GoodLine[] = [];
  const wrong: string[] = [];
  let texts = 0;
  for (const line of readBatchLines(text, { endpoint, model: model.name, tokenizer })) {
    if (good.length + wrong.length >= BATCH_LINES_MAX) {
      throw fault('input-too-big', `a batch has at most ${BATCH_LINES_MAX} lines; send several`);
    }
    if ('error' in line) wrong.push(sayWrong(line));
    else {
      good.push(line);
      texts += line.texts.length;
    }
    if (texts > BATCH_TEXTS_MAX) {
      throw fault('input-too-big', `a batch has at most ${BATCH_TEXTS_MAX} texts; send several`);
    }
  }
  const put = async (lines: readonly string[]) =>
    must(await blobs.put(new TextEncoder().encode(lines.join('')), UNITS_BYTES_MAX));
  const parts = [];
  for (const [index, { lines, longest }] of sortByLength(good).entries()) {
    const texts = lines.flatMap((line) => line.texts);
    parts.push({
      lines: await put(lines.map(({ line }) => `${JSON.stringify(line)}\n`)),
      texts: await spoolTexts(join(folder, `${index}.jsonl`), texts),
      longest,
    });
  }
  return {
    lines: good.length + wrong.length,
    wrong: { blob: wrong.length === 0 ? null : await put(wrong), lines: wrong.length },
    tokens: good.reduce((sum, { line }) => sum + line.tokens, 0),
    parts,
  };
}

/** A line of the error file (OpenAI, Batch, request output object). */
const sayWrong = ({ custom_id, error }: { custom_id: string | null; error: object }): string =>
  `${JSON.stringify({ id: null, custom_id, response: null, error })}\n`;

/** Lines by the power of two that their longest text fits into; few of one length join the next. */
function sortByLength(good: readonly GoodLine[]): { lines: GoodLine[]; longest: number }[] {
  const lengths = new Map<number, GoodLine[]>();
  for (const line of good) {
    const length = bucketOf(line.longest);
    const known = lengths.get(length);
    if (known === undefined) lengths.set(length, [line]);
    else known.push(line);
  }
  const parts: { lines: GoodLine[]; longest: number }[] = [];
  let open: GoodLine[] = [];
  for (const [, lines] of [...lengths].sort(([a], [b]) => a - b)) {
    open = [...open, ...lines];
    if (open.length < PART_TEXTS_LEAST) continue;
    parts.push(close(open));
    open = [];
  }
  return open.length === 0 ? parts : [...parts, close(open)];
}

const close = (lines: GoodLine[]) => ({
  lines,
  longest: lines.reduce((most, line) => Math.max(most, line.longest), 0),
});
