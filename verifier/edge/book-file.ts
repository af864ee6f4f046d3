import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type * as v from 'valibot';
import { hasCode, readTextIfThere, replaceFile, syncFolder } from '#node/files.ts';
import { reviewedBy } from '#protocol/records/epoch.ts';
import { decodeJson } from '#protocol/values/decode.ts';
import type { PublicKey } from '#protocol/values/ids.ts';
import { fault, type PocketgridError, type Refusal, refusal } from '#protocol/values/refusal.ts';
import type { Epoch, FiledVerdict, LogLine, Saved, VerifierEffect } from '../core/state/events.ts';
import type { CheckCounts } from '../core/state/verifier.ts';
import { noteCheck } from '../core/trust/deviations.ts';
import { LogLineSchema, MarkFile, SeedFile } from './log-line.ts';

export type Write = Pick<
  Extract<VerifierEffect, { type: 'persist' }>,
  'epochs' | 'lines' | 'marks'
>;

/** What one verifier keeps about one hub: `log.jsonl`, `seeds.json`, `marks.json`. */
export interface BookFile {
  saved: Saved;
  logFile: string;
  /** Durable when it resolves to undefined; a refusal means that nothing of it counts. */
  write(written: Write): Promise<Refusal | undefined>;
  close(): Promise<void>;
}

/**
 * Opens the folder of one hub. Each line that is read or written goes to `onLine`, in order. A last
 * line cut off by a crash was never acknowledged and is cut away; any other bad line throws
 * `storage-failed`.
 */
export async function openBookFile(
  folder: string,
  hub: PublicKey,
  onLine: (line: LogLine) => void,
): Promise<BookFile> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const logFile = join(folder, 'log.jsonl');
  const seedFile = join(folder, 'seeds.json');
  const markFile = join(folder, 'marks.json');
  const marks = (await readAs(MarkFile, markFile)) ?? { judged: -1, settled: -1, reviewed: 0 };
  const seeds: Epoch[] = (await readAs(SeedFile, seedFile)) ?? [];
  const found = await readLog(logFile, marks, onLine);
  // A seed counts when its line is in the log: without it nobody has heard of it.
  const epochs = seeds
    .filter(({ number }) => number <= found.lastEpoch)
    .map(({ revealed, ...epoch }): Epoch => {
      return revealed !== undefined && found.revealed.has(epoch.number)
        ? { ...epoch, revealed }
        : epoch;
    });
  const saved: Saved = {
    hub,
    ...marks,
    lastEpoch: found.lastEpoch,
    reviewDrawn: found.reviewDrawn,
    epochs,
    verdicts: found.verdicts,
    counts: found.counts,
  };
  const log = await open(logFile, 'a', 0o644);
  await log.truncate(found.length);
  await syncFolder(folder);
  const files = { log, seedFile, markFile, seeds, onLine };
  return { saved, logFile, ...openWriter(files) };
}

async function readAs<TSchema extends v.GenericSchema>(schema: TSchema, file: string) {
  const text = await readTextIfThere(file);
  if (text === undefined) return undefined;
  const decoded = decodeJson(schema, text);
  if (!decoded.ok) throw unreadable(file, decoded.refusal.message);
  return decoded.value;
}

const unreadable = (file: string, why: string): PocketgridError =>
  fault('storage-failed', `${file} cannot be read (${why}); restore it, or move its folder away`);

async function readLog(file: string, marks: MarkFile, onLine: (line: LogLine) => void) {
  const found = {
    length: 0,
    lastEpoch: 0,
    reviewDrawn: 0,
    /** Epochs whose seed stands in the log. */
    revealed: new Set<number>(),
    verdicts: [] as FiledVerdict[],
    counts: new Map() as CheckCounts,
  };
  const size = await stat(file).then(
    (stats) => stats.size,
    () => 0,
  );
  if (size === 0) return found;
  const lines = createInterface({ input: createReadStream(file, 'utf8'), crlfDelay: Infinity });
  for await (const text of lines) {
    const end = found.length + Buffer.byteLength(text) + 1;
    if (end > size) break;
    const decoded = decodeJson(LogLineSchema, text);
    if (!decoded.ok) throw unreadable(file, `at byte ${found.length}: ${decoded.refusal.message}`);
    found.length = end;
    const line = decoded.value;
    onLine(line);
    if (line.type === 'verdict') {
      const { type: _type, ...filed } = line;
      const { sequence, review = 0 } = filed;
      if (sequence > marks.settled || review > marks.reviewed) found.verdicts.push(filed);
      noteCheck(found.counts, filed.signed.verdict);
    } else {
      const { record } = line.signed;
      const { epoch } = record;
      found.lastEpoch = Math.max(found.lastEpoch, epoch);
      if (record.type === 'revealed') found.revealed.add(epoch);
      found.reviewDrawn = Math.max(found.reviewDrawn, reviewedBy(record));
    }
  }
  return found;
}

interface Files {
  log: FileHandle;
  seedFile: string;
  markFile: string;
  seeds: Epoch[];
  onLine(line: LogLine): void;
  /** Where the log ends, while half a line behind it could not be cut away. */
  cutAt?: number;
}

/** Writes in order; what queues up behind a write goes to disk together, with one flush. */
function openWriter(files: Files): Pick<BookFile, 'write' | 'close'> {
  let waiting: { written: Write; settle(refused: Refusal | undefined): void }[] = [];
  let working: Promise<void> | undefined;
  const work = async () => {
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      const refused = await writeBatch(
        files,
        batch.map(({ written }) => written),
      );
      for (const { settle } of batch) settle(refused);
    }
    working = undefined;
  };
  return {
    write: (written) =>
      new Promise((settle) => {
        waiting.push({ written, settle });
        working ??= work();
      }),
    close: async () => {
      await working;
      await files.log.close();
    },
  };
}

/**
 * A new seed is on disk before its commitment, and leaves the disk only after the hub has it: a
 * crash in between loses neither.
 */
async function writeBatch(files: Files, batch: readonly Write[]): Promise<Refusal | undefined> {
  const lines = batch.flatMap((written) => written.lines);
  const epochs = batch.findLast((written) => written.epochs !== undefined)?.epochs;
  const marks = batch.findLast((written) => written.marks !== undefined)?.marks;
  const size = files.cutAt ?? (await files.log.stat()).size;
  try {
    await cutBack(files);
    if (epochs !== undefined) {
      const kept = files.seeds.filter((old) => epochs.every(({ number }) => number !== old.number));
      await writeSeeds(files, [...kept, ...epochs]);
    }
    if (lines.length > 0) {
      await files.log.writeFile(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
      await files.log.datasync();
    }
    if (epochs !== undefined && epochs.length < files.seeds.length) await writeSeeds(files, epochs);
    if (marks !== undefined) await replaceFile(files.markFile, JSON.stringify(marks));
  } catch (error) {
    // Half a line must not stand before the next one: nothing is written until it is gone.
    files.cutAt = size;
    await cutBack(files).catch(() => undefined);
    return refuseDisk(error);
  }
  for (const line of lines) files.onLine(line);
  return undefined;
}

async function cutBack(files: Files): Promise<void> {
  if (files.cutAt === undefined) return;
  await files.log.truncate(files.cutAt);
  delete files.cutAt;
}

async function writeSeeds(files: Files, epochs: readonly Epoch[]): Promise<void> {
  await replaceFile(files.seedFile, JSON.stringify(epochs));
  files.seeds = [...epochs];
}

/** What a failed write says across a boundary. */
function refuseDisk(error: unknown): Refusal {
  const text = error instanceof Error ? error.message : String(error);
  if (hasCode(error, 'ENOSPC') || hasCode(error, 'EDQUOT')) {
    return refusal('disk-full', `the disk is full (${text}); free some space, work then goes on`);
  }
  return refusal('storage-failed', `${text}; check the data folder and its permissions`);
}
