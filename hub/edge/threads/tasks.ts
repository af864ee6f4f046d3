import { readlinkSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';
import { basename } from 'node:path';
import {
  type MessagePort,
  parentPort,
  type TransferListItem,
  workerData,
} from 'node:worker_threads';
import { openBoundedMap } from '#node/bounded-map.ts';
import type { JobRecord } from '#protocol/api/job.ts';
import type { ModelFile } from '#protocol/api/models.ts';
import type { BlobRef } from '#protocol/models/package.ts';
import type { Tensor } from '#protocol/tensors/tensor.ts';
import { encodeTensorLines, type LineExtras } from '#protocol/tensors/tensor-lines.ts';
import { must, PocketgridError, type Refusal } from '#protocol/values/refusal.ts';
import type { RecutInputs } from '../../core/state/events.ts';
import type { ItemCut } from '../../core/state/facts.ts';
import { type BatchAnswers, printBatch } from '../batches/print-batch.ts';
import { type BatchReading, peekModel, readBatch } from '../batches/read-batch.ts';
import { openFolderBlobs } from '../blobs/folder.ts';
import type { BlobStore } from '../blobs/port.ts';
import { type AddedInputs, type AddingForm, makeInputs } from '../forms/add-inputs.ts';
import type { MadeJob } from '../forms/made-job.ts';
import { type JobForm, makeJob } from '../forms/make-job.ts';
import { keepModel } from '../inputs/keep-model.ts';
import { recutItems } from '../inputs/recut.ts';
import type { Spool } from '../inputs/spool.ts';
import { decodeTokens } from '../lanes/prompts.ts';
import {
  printRequest,
  type RequestAnswers,
  type RequestReading,
  readRequest,
} from '../lanes/read-request.ts';
import type { ReadRequest } from '../lanes/request.ts';
import type { AnswerSettings, TaskItems } from '../tasks/port.ts';
import { printAnswers } from '../tasks/print.ts';

/** Folders of blobs that the hub's own thread has open too. */
const opened = openBoundedMap<string, Promise<BlobStore>>(8);

function openShared(folder: string): Promise<BlobStore> {
  const known = opened.get(folder);
  if (known !== undefined) return known;
  const blobs = openFolderBlobs(folder, { isShared: true });
  opened.set(folder, blobs);
  blobs.catch(() => opened.delete(folder));
  return blobs;
}

/**
 * What the hub has worker threads do: whatever takes more than a few milliseconds and needs none of
 * its state. Started through `thread-entry.mjs`.
 */
const TASKS = {
  /** Makes a job of a form, with its blobs in a folder. */
  makeJob: async ({ form, blobs }: { form: JobForm; blobs: string }): Promise<MadeJob> =>
    makeJob(form, await openShared(blobs)),
  /** Checks a model and keeps its files in a folder of blobs. */
  keepModel: async ({ model, blobs }: { model: Spool; blobs: string }): Promise<ModelFile[]> =>
    keepModel(model, await openShared(blobs)),
  /** Cuts the units of a job anew. */
  recut: async ({ cut, blobs }: { cut: ItemCut; blobs: string }): Promise<RecutInputs> =>
    must(await recutItems(await openShared(blobs), cut)),
  /** Says what the outputs of a job with a task mean, as JSON Lines. */
  printAnswers: async ({ task, blobs, items, extras }: Answering): Promise<Uint8Array> => {
    const settings = await readSettings(task.settings, blobs);
    const lines = printAnswers({ options: task.options, settings }, items, extras);
    return new TextEncoder().encode(lines);
  },
  /** The model that a batch names. */
  peekModel: async ({ file, blobs }: { file: BlobRef; blobs: string }) =>
    peekModel(file, await openShared(blobs)),
  /** Reads the lines of a batch. */
  readBatch: async ({ reading, blobs }: { reading: BatchReading; blobs: string }) =>
    readBatch(reading, await openShared(blobs)),
  /** Reads one request of a client that waits. */
  readRequest: async ({ reading, blobs }: Reading): Promise<ReadRequest> =>
    readRequest(reading, await openShared(blobs)),
  /** Prints the answer to it. */
  printRequest: async ({ answers, blobs }: Answered): Promise<Uint8Array<ArrayBuffer>> =>
    new TextEncoder().encode(await printRequest(answers, await openShared(blobs))),
  /** Says what tokens are in letters. */
  decodeTokens: async ({ files, texts, blobs }: Decoding): Promise<string[]> =>
    decodeTokens(files, texts, await openShared(blobs)),
  /** Makes units of files for a job that runs. */
  makeInputs: async ({ job, inputs, blobs }: Adding): Promise<AddedInputs> => {
    const { draft, task } = job;
    const settings = task && (await readSettings(task.settings, blobs));
    const form = { specs: draft.runtime.inputs, inputs };
    const own = task && settings && { options: task.options, settings };
    return makeInputs({ ...form, task: own }, await openShared(blobs));
  },
  /** Prints answers to lines of a batch. */
  printBatch: async (answers: BatchAnswers): Promise<Uint8Array<ArrayBuffer>> =>
    new TextEncoder().encode(printBatch(answers)),
  /** Prints items as JSON Lines. */
  printLines: async ({ tensors, extras }: Printing): Promise<Uint8Array<ArrayBuffer>> =>
    new TextEncoder().encode(encodeTensorLines(tensors, extras)),
};

/** A request, and the folder of blobs. */
interface Reading {
  reading: RequestReading;
  blobs: string;
}
/** Outputs for a request, and the folder of blobs. */
interface Answered {
  answers: RequestAnswers;
  blobs: string;
}
/** Tokens of texts, the files of their model, and the folder of blobs. */
export interface Decoding {
  files: readonly ModelFile[];
  texts: readonly (readonly number[])[];
  blobs: string;
}
/** Files for a job, and the folder of blobs. */
export interface Adding extends Pick<AddingForm, 'inputs'> {
  job: Pick<JobRecord, 'draft' | 'task'>;
  blobs: string;
}

export interface Printing {
  tensors: ReadonlyMap<string, Tensor>;
  extras: LineExtras;
}
/** Answers to be printed, and the folder of blobs with the settings of their model. */
export interface Answering {
  task: NonNullable<JobRecord['task']>;
  blobs: string;
  items: TaskItems;
  extras: LineExtras;
}
export type Tasks = typeof TASKS;

/** Settings of the model that was asked for last: its tokenizer has megabytes. */
let known: { root: string; settings: AnswerSettings } | undefined;

async function readSettings({ root, length }: BlobRef, folder: string): Promise<AnswerSettings> {
  if (known?.root === root) return known.settings;
  const blobs = await openShared(folder);
  const bytes = must(await blobs.read(root, 0, length));
  const settings = JSON.parse(new TextDecoder().decode(bytes)) as AnswerSettings;
  known = { root, settings };
  return settings;
}

/** A call of a task, one at a time. */
export interface TaskCall {
  task: keyof Tasks;
  input: unknown;
}
/** How it ended: with what the task gives, a refusal, or the words of a bug. */
export type TaskEnd = { value: unknown } | { refusal: Refusal } | { bug: string };

function listen(port: MessagePort): void {
  port.on('message', async ({ task, input }: TaskCall) => {
    const run = TASKS[task] as (input: unknown) => Promise<unknown>;
    try {
      const value = await run(input);
      port.postMessage({ value } satisfies TaskEnd, transfersOf(value));
    } catch (error) {
      port.postMessage(
        error instanceof PocketgridError
          ? ({ refusal: error.refusal } satisfies TaskEnd)
          : ({ bug: String(error instanceof Error ? error.stack : error) } satisfies TaskEnd),
      );
    }
  });
}

/** Bytes that have a buffer to themselves go over without a copy. */
const transfersOf = (value: unknown): TransferListItem[] =>
  (value instanceof Uint8Array ? [value] : Object.values(value ?? {})).flatMap((part) =>
    part instanceof Uint8Array &&
    part.buffer instanceof ArrayBuffer &&
    part.length === part.buffer.byteLength
      ? [part.buffer]
      : [],
  );

/** How much nicer than the process its worker threads are, and how nice one can be. */
const NICER = 10;
const NICENESS_MAX = 19;

/** On Linux a priority is a thread's own: where processors are few, the thread of sockets goes first. */
function stepBack(): void {
  try {
    const thread = Number(basename(readlinkSync('/proc/thread-self')));
    setPriority(thread, Math.min(NICENESS_MAX, getPriority() + NICER));
  } catch {
    // Other systems have no such file; there all threads are alike.
  }
}

if (parentPort !== null) {
  if ((workerData as { isFirst: boolean } | null)?.isFirst !== true) stepBack();
  listen(parentPort);
}
