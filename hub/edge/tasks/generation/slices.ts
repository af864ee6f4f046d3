import { concatBytes } from '#protocol/bytes/digest.ts';
import { packSlice } from '#protocol/generation/slice.ts';
import type { TaskOptions } from '#protocol/tasks/task.ts';
import { fault, must } from '#protocol/values/refusal.ts';
import type { InputFile } from '../../inputs/port.ts';
import { readPrompts } from './prompts.ts';
import type { Writer } from './writer.ts';

/** How prompts become units: by the model's files, in rows of `context` tokens. */
export interface Slicing {
  options: TaskOptions;
  writer: Writer;
  context: number;
}

/** Makes a unit of each prompt in files: their bytes end to end. Throws what is wrong with one. */
export function makeSlices(
  files: readonly InputFile[],
  { options, writer, context }: Slicing,
): { bytes: Uint8Array<ArrayBuffer>; units: number } {
  const { hasTemplate } = writer;
  const units = must(readPrompts(files, { options, hasTemplate })).map(({ prompt, at }) => {
    const read = writer.readPrompt(prompt, context);
    if (read.ok) return packSlice(read.value, context);
    throw fault(read.refusal.code, `${at}: ${read.refusal.message}`);
  });
  return { bytes: concatBytes(...units), units: units.length };
}
