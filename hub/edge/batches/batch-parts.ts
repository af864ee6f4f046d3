import { join } from 'node:path';
import type { BlobRef } from '#protocol/models/package.ts';
import { type Spool, spoolLines } from '../inputs/spool.ts';
import { type ByteWriter, openWriter } from '../store/byte-cursor.ts';
import { bucketOf } from '../tasks/token-rows.ts';
import type { GoodLine } from './batch-lines.ts';

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
  lines: ByteWriter;
  texts: ByteWriter;
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
    closed.push({
      lines: await put(lines.take()),
      texts: await spoolLines(join(folder, `${closed.length}.jsonl`), texts.take()),
      longest,
    });
  };
  return {
    async add({ line, texts, longest }) {
      const length = bucketOf(longest);
      const part = open.get(length) ?? openPart();
      open.set(length, part);
      part.lines.text(`${JSON.stringify(line)}\n`, 'utf8');
      for (const text of texts) part.texts.text(`${JSON.stringify(text)}\n`, 'utf8');
      part.count += texts.length;
      part.longest = Math.max(part.longest, longest);
      if (part.count < TEXTS.full && part.texts.length() < BYTES_FULL) return;
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
  ...{ lines: openWriter(), texts: openWriter(), count: 0, longest: 0 },
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
    last.lines.bytes(part.lines.take());
    last.texts.bytes(part.texts.take());
    last.count += part.count;
    last.longest = part.longest;
  }
  return parts;
}
