import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BlobRef } from '#protocol/models/package.ts';
import type { Spool } from '../inputs/spool.ts';
import { bucketOf } from '../tasks/token-rows.ts';
import type { GoodLine } from './batch-lines.ts';
import { openTextBytes, type TextBytes } from './text-bytes.ts';

/** Lines of a batch whose texts are about as long as each other: a job each. */
export interface BatchPart {
  lines: BlobRef;
  texts: Spool;
  /** Tokens of the longest text. */
  longest: number;
}

/** Texts of one job are few only where all are, and never so many that memory grows with a batch. */
const TEXTS = { least: 256, full: 4_096 } as const;
const BYTES_FULL = 8 * 1024 * 1024;

/** A part that takes lines. They are kept as bytes: as objects they would outlive their part. */
interface OpenPart {
  lines: TextBytes;
  texts: TextBytes;
  count: number;
  longest: number;
}

/** Sorts lines by length, so that short texts are not filled up to long ones. */
export interface BatchParts {
  add(line: GoodLine): Promise<void>;
  /** All parts. */
  close(): Promise<BatchPart[]>;
}

/** Texts of parts go to files in a folder, lines to where `put` keeps bytes. */
export function openBatchParts(
  folder: string,
  put: (bytes: Uint8Array) => Promise<BlobRef>,
): BatchParts {
  /** By the power of two that their longest text fits into. */
  const open = new Map<number, OpenPart>();
  const closed: BatchPart[] = [];
  const closePart = async ({ lines, texts, longest }: OpenPart) => {
    const path = join(folder, `${closed.length}.jsonl`);
    const bytes = texts.bytes();
    await writeFile(path, bytes);
    const entries = [{ name: 'texts.jsonl', length: bytes.length }];
    closed.push({ lines: await put(lines.bytes()), texts: { path, entries }, longest });
  };
  return {
    async add({ line, texts, longest }) {
      const length = bucketOf(longest);
      const part = open.get(length) ?? openPart();
      open.set(length, part);
      part.lines.add(`${JSON.stringify(line)}\n`);
      for (const text of texts) part.texts.add(`${JSON.stringify(text)}\n`);
      part.count += texts.length;
      part.longest = Math.max(part.longest, longest);
      if (part.count < TEXTS.full && part.texts.bytes().length < BYTES_FULL) return;
      open.delete(length);
      await closePart(part);
    },
    async close() {
      for (const part of joinFew(open)) await closePart(part);
      return closed;
    },
  };
}

const openPart = (): OpenPart => ({
  ...{ lines: openTextBytes(), texts: openTextBytes(), count: 0, longest: 0 },
});

/** Parts from the shortest on; few texts of one length join the next. */
function joinFew(open: ReadonlyMap<number, OpenPart>): OpenPart[] {
  const parts: OpenPart[] = [];
  for (const [, part] of [...open].sort(([a], [b]) => a - b)) {
    const last = parts.at(-1);
    if (last === undefined || last.count >= TEXTS.least) {
      parts.push(part);
      continue;
    }
    last.lines.join(part.lines.bytes());
    last.texts.join(part.texts.bytes());
    last.count += part.count;
    last.longest = part.longest;
  }
  return parts;
}
