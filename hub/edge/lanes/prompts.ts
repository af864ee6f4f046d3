import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelFile } from '#protocol/api/models.ts';
import { TextPrompt } from '#protocol/generation/prompt.ts';
import { packSlice } from '#protocol/generation/slice.ts';
import type { TensorSpec } from '#protocol/tensors/tensor.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import { must } from '#protocol/values/refusal.ts';
import { contextOf } from '../../core/models/decoder.ts';
import type { BlobStore } from '../blobs/port.ts';
import { keepSlices } from '../forms/add-inputs.ts';
import { spoolTexts } from '../inputs/spool.ts';
import { openWriter } from '../tasks/generation/writer.ts';
import { keepOpened } from '../tasks/kept-settings.ts';
import type { ReadRequest } from './request.ts';

/** A prompt, and where it may be put. */
interface PromptReading {
  body: unknown;
  files: readonly ModelFile[];
  /** Inputs of the jobs that could take it. */
  lanes: readonly (readonly TensorSpec[])[];
  folder: string;
}

type Blobs = Pick<BlobStore, 'read' | 'put'>;

/** Writers that are kept: each has a tokenizer of some megabytes. */
const WRITERS_KEPT = 4;
const openKept = keepOpened(WRITERS_KEPT, openWriter);

/** Reads a `TextPrompt` as the slice that goes on behind it. Throws what is wrong with it. */
export async function readPromptRequest(
  { body, files, lanes, folder }: PromptReading,
  blobs: Blobs,
): Promise<ReadRequest> {
  const prompt = must(decodeWith(TextPrompt, body, 'request-invalid'));
  const writer = await openKept(files, blobs);
  const [specs] = lanes;
  const context = specs?.[0]?.shape[1] ?? contextOf(writer.limits.positions);
  const slice = must(writer.readPrompt(prompt, context));
  const tokens = slice.ids.length - (prompt.written?.length ?? 0);
  const line = { custom_id: 'request', texts: 1, tokens, encoding: 'float' } as const;
  if (specs !== undefined) {
    const made = { bytes: packSlice(slice, context), units: 1 };
    return { line, length: context, lane: 0, added: await keepSlices(made, specs, blobs) };
  }
  await mkdir(folder, { recursive: true });
  const texts = await spoolTexts(join(folder, 'prompt.jsonl'), [prompt]);
  return { line, length: context, texts };
}

/** The texts of tokens that a model wrote, each alone, without those that only end a text. */
export async function decodeTokens(
  files: readonly ModelFile[],
  texts: readonly (readonly number[])[],
  blobs: Pick<BlobStore, 'read'>,
): Promise<string[]> {
  const { tokenizer } = await openKept(files, blobs);
  return texts.map((ids) => tokenizer.decode(ids, true));
}
