import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { RequestCall } from '#protocol/api/job.ts';
import type { ModelFile } from '#protocol/api/models.ts';
import type { TensorSpec } from '#protocol/tensors/tensor.ts';
import { accept, fault, must } from '#protocol/values/refusal.ts';
import type { BatchAnswers } from '../batches/print-batch.ts';
import type { BlobStore } from '../blobs/port.ts';
import { keepUnits } from '../forms/add-inputs.ts';
import { spoolTexts } from '../inputs/spool.ts';
import { keepOpened } from '../tasks/kept-settings.ts';
import { fillSpecs } from '../tasks/token-rows.ts';
import { openTokenizer } from '../tasks/tokenizer.ts';
import { type AskedModel, ENDPOINTS, type TextCall } from './endpoints.ts';
import { readPromptRequest } from './prompts.ts';
import type { ReadRequest } from './request.ts';
import { takesTexts } from './row-length.ts';

/** A model as a request names it, and its files. */
export interface NamedModel {
  name: string;
  files: readonly ModelFile[];
}

/** One request of a client that waits for its answer. */
export interface RequestReading {
  endpoint: RequestCall;
  body: unknown;
  model: NamedModel;
  /** Inputs of the jobs that could take it, those of the shortest rows first. */
  lanes: readonly (readonly TensorSpec[])[];
  /** The length of rows below which the model has none, where that is known. */
  leastRows?: number | undefined;
  /** Where its texts are to lie until a job is made of them: made when there is need. */
  folder: string;
}

/** Tokenizers that are kept: each has some megabytes. */
const TOKENIZERS_KEPT = 8;
const openModel = keepOpened(TOKENIZERS_KEPT, (settings) => {
  const tokenizer = openTokenizer(settings);
  return tokenizer.ok ? accept({ tokenizer: tokenizer.value, settings }) : tokenizer;
});

type Blobs = Pick<BlobStore, 'read' | 'put'>;

/** Reads one request as a line of a batch is read. Throws what is wrong with it. */
export async function readRequest(
  { endpoint, body, model, lanes, leastRows, folder }: RequestReading,
  blobs: Blobs,
): Promise<ReadRequest> {
  if (endpoint === 'completions') {
    return readPromptRequest({ body, files: model.files, lanes, folder }, blobs);
  }
  const asked = await openKept(model, blobs);
  const { tokenizer } = asked;
  const read = ENDPOINTS[endpoint].read(body, asked);
  if ('code' in read) {
    const code = read.code === 'context_length_exceeded' ? 'input-too-big' : 'request-invalid';
    throw fault(code, read.message);
  }
  const { texts, longest } = read;
  const line = { custom_id: 'request', ...read.line };
  const lane = lanes.findIndex((specs) => takesTexts(lengthOf(specs), longest, leastRows));
  const specs = lanes[lane];
  if (specs === undefined) {
    await mkdir(folder, { recursive: true });
    const path = join(folder, 'request.jsonl');
    return { line, length: longest, texts: await spoolTexts(path, texts) };
  }
  const rows = texts.map((text) => tokenizer.encode(text, undefined, lengthOf(specs)));
  const tensors = must(fillSpecs(specs, rows, tokenizer.padding));
  const added = await keepUnits({ items: rows.length, tensors }, specs, blobs);
  return { line, length: longest, lane, added };
}

const lengthOf = (specs: readonly TensorSpec[]): number => specs[0]?.shape.at(-1) ?? 0;

/** What a request is answered with: outputs of its texts. */
export interface RequestAnswers extends Omit<BatchAnswers, 'model'> {
  endpoint: TextCall;
  model: NamedModel;
}

/** Prints the body of the answer to a request. */
export async function printRequest(
  { endpoint, model, ...answers }: RequestAnswers,
  blobs: Pick<BlobStore, 'read'>,
): Promise<string> {
  const asked = await openKept(model, blobs);
  return JSON.stringify(ENDPOINTS[endpoint].say({ ...answers, model: model.name }, asked));
}

/** A model, whose tokenizer is read once as long as it is asked. */
const openKept = async (
  { name, files }: NamedModel,
  blobs: Pick<BlobStore, 'read'>,
): Promise<AskedModel> => ({ ...(await openModel(files, blobs)), name });
