import type { ModelFile } from '#protocol/api/models.ts';
import type { BlobRef } from '#protocol/models/package.ts';
import type { Tensor } from '#protocol/tensors/tensor.ts';
import type { RecutInputs } from '../../core/state/events.ts';
import type { ItemCut } from '../../core/state/facts.ts';
import type { BatchAnswers } from '../batches/print-batch.ts';
import type { BatchReading, ReadBatch } from '../batches/read-batch.ts';
import type { BlobStore } from '../blobs/port.ts';
import type { AddedInputs } from '../forms/add-inputs.ts';
import type { MadeJob } from '../forms/made-job.ts';
import type { JobForm } from '../forms/make-job.ts';
import type { Spool } from '../inputs/spool.ts';
import type { RequestAnswers, RequestReading } from '../lanes/read-request.ts';
import type { ReadRequest } from '../lanes/request.ts';
import type { Adding, Answering, Decoding, Printing } from './tasks.ts';
import { openThread } from './thread.ts';

/** A form of gigabytes takes minutes; a window of results is a megabyte. */
const FILES = { taskMs: 10 * 60_000, callsMax: 128 };
const LINES = { taskMs: 60_000, callsMax: 256 };
/** Somebody waits for each, and tokenizers are read anew with the thread. */
const REQUESTS = { taskMs: 60_000, callsMax: 2_048, idleMs: 15 * 60_000, isFirst: true };

/** What the hub has worker threads do, so that its own one has time for sockets. */
export interface Threads {
  makeJob(form: JobForm): Promise<MadeJob>;
  keepModel(model: Spool): Promise<ModelFile[]>;
  recut(cut: ItemCut): Promise<RecutInputs>;
  printLines(printing: Printing): Promise<Uint8Array>;
  printAnswers(answering: Omit<Answering, 'blobs'>): Promise<Uint8Array>;
  peekModel(file: BlobRef): Promise<string | undefined>;
  readBatch(reading: BatchReading): Promise<ReadBatch>;
  readRequest(reading: RequestReading): Promise<ReadRequest>;
  printRequest(answers: RequestAnswers): Promise<Uint8Array>;
  decodeTokens(decoding: Omit<Decoding, 'blobs'>): Promise<string[]>;
  makeInputs(adding: Omit<Adding, 'blobs'>): Promise<AddedInputs>;
  printBatch(answers: BatchAnswers): Promise<Uint8Array>;
  close(): Promise<void>;
}

/**
 * One thread for files, which are in memory while they are worked on, one for lines, which somebody
 * waits for, and one for single requests, which must not wait for either. Blobs are made in the folder of the store.
 */
export function openThreads(folder: string, blobs: Pick<BlobStore, 'hold'>): Threads {
  const files = openThread(FILES);
  const lines = openThread(LINES);
  const requests = openThread(REQUESTS);
  return {
    makeJob: (form) => blobs.hold(files.run('makeJob', { form, blobs: folder })),
    keepModel: (model) => blobs.hold(files.run('keepModel', { model, blobs: folder })),
    recut: (cut) => blobs.hold(files.run('recut', { cut, blobs: folder })),
    printLines: (printing) => lines.run('printLines', printing, buffersOf(printing.tensors)),
    printAnswers(answering) {
      const { outputs, inputs } = answering.items;
      const buffers = [...buffersOf(outputs), ...buffersOf(inputs)];
      return lines.run('printAnswers', { ...answering, blobs: folder }, buffers);
    },
    peekModel: (file) => files.run('peekModel', { file, blobs: folder }),
    readBatch: (reading) => blobs.hold(files.run('readBatch', { reading, blobs: folder })),
    readRequest: (reading) => blobs.hold(requests.run('readRequest', { reading, blobs: folder })),
    printRequest: (answers) => requests.run('printRequest', { answers, blobs: folder }),
    decodeTokens: (decoding) => requests.run('decodeTokens', { ...decoding, blobs: folder }),
    makeInputs: (adding) => blobs.hold(files.run('makeInputs', { ...adding, blobs: folder })),
    printBatch: (answers) => lines.run('printBatch', answers),
    async close() {
      await Promise.all([files.close(), lines.close(), requests.close()]);
    },
  };
}

const buffersOf = (tensors: ReadonlyMap<string, Tensor>): ArrayBuffer[] =>
  [...tensors.values()].map(({ data }) => data.buffer as ArrayBuffer);
