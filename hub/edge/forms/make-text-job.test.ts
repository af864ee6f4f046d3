import { expect, it } from 'vitest';
import { tinyRepository } from '#protocol/decoders/tiny.ts';
import { readSlice } from '#protocol/generation/slice.ts';
import type { Root } from '#protocol/values/ids.ts';
import { accept } from '#protocol/values/refusal.ts';
import { bytes } from '#protocol/values/units.ts';
import { makeTextJob, type TextForm } from './make-text-job.ts';

const FILES = Object.entries(tinyRepository()).map(([name, file]) => ({
  name,
  bytes: new Uint8Array(Buffer.from(file)),
}));
const TASK = { name: 'text-generation', temperature: 0, newTokens: 9 } as const;

/** Makes a job of two lines, and gives what it kept. */
async function make(change: Partial<TextForm['options']> = {}) {
  const kept: Uint8Array[] = [];
  const put = async (blob: Uint8Array) => {
    kept.push(blob);
    return accept({ root: 'ab'.repeat(32) as Root, length: bytes(blob.length) });
  };
  const inputs = [{ name: 'a.txt', bytes: new TextEncoder().encode('one\ntwo\n') }];
  const options = { name: 'texts', task: TASK, ...change };
  return { made: await makeTextJob({ options, files: FILES, inputs }, { put }), kept };
}

it('a line of a job of texts is a slice, and a unit', async () => {
  const { made, kept } = await make();
  const { draft, items, units, inputs } = made.record;
  if (draft.runtime.kind !== 'decode') throw new Error(draft.runtime.kind);
  expect({ items, units, unitItems: draft.runtime.unitItems }).toEqual({
    ...{ items: 2, units: 2, unitItems: 1 },
  });
  const { context, ends, layers } = draft.runtime.decoder;
  expect({ context, layers }).toEqual({ context: 252, layers: 2 });
  expect(ends).toContain(2);
  const [, packed = new Uint8Array(0)] = kept;
  expect(packed.length).toBe(inputs.length);
  expect(readSlice(packed.subarray(0, packed.length / 2), context)).toMatchObject({
    ...{ limit: 9, temperature: 0, topP: 1, topK: 0 },
  });
});

it.each([
  [{ outputs: ['logits'] }, /outputs is for jobs without a task/],
  [{ taps: true }, /taps is for jobs without a task/],
  [{ batchAxis: { input_ids: 0 } }, /batchAxis is for jobs without a task/],
  [{ skipBadFiles: true }, /skipBadFiles is for files/],
  [{ task: { ...TASK, maxTokens: 5 } }, /task.maxTokens is for tasks of texts/],
  [{ task: { ...TASK, labels: ['a'] } }, /task.labels is for zero-shot-classification/],
])('a job of texts with %j is refused', async (change, words) => {
  await expect(make(change as Partial<TextForm['options']>)).rejects.toThrow(words);
});
