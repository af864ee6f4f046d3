import { readFile } from 'node:fs/promises';
import { afterAll, expect, it } from 'vitest';
import { decodeOnnx } from '#protocol/onnx/decode.ts';
import { encodeOnnx } from '#protocol/onnx/encode.ts';
import { boundLoops } from '#protocol/onnx/loops.ts';
import type { TensorSpec } from '#protocol/tensors/tensor.ts';
import { type ComputeWorker, openComputeWorker } from '../compute-workers.ts';

const ROUNDS = 5;
const file = new URL('../../trials/loop-over-sequence.onnx', import.meta.url);
const inputs: TensorSpec[] = [{ name: 'x', dtype: 'f32', shape: [1, ROUNDS] }];
const runtime = { kind: 'graph', graphOptimization: 'all', inputs, taps: [] } as const;
let held: ComputeWorker | undefined;
afterAll(() => held?.close());

/** Sums of the item, with its loop bounded at so many rounds. */
async function sum(most?: number) {
  const sent = await readFile(file);
  const decoded = decodeOnnx(sent);
  if (!decoded.ok) throw new Error(decoded.refusal.message);
  const bounded = most === undefined ? sent : encodeOnnx(boundLoops(decoded.value, most));
  const loading = { runtime, model: new Uint8Array(bounded) };
  if (held === undefined) held = await openComputeWorker(loading);
  else await held.load(loading);
  const ran = await held.run(new Uint8Array(Float32Array.of(1, 2, 3, 4, 5).buffer), 1);
  return [...new Float32Array(ran.bytes.buffer, ran.bytes.byteOffset, 1)];
}

it('a loop as long as its input gives the same when it is bounded, and fails past its bound', async () => {
  expect(await sum()).toEqual([15]);
  expect(await sum(ROUNDS)).toEqual([15]);
  await expect(sum(ROUNDS - 1)).rejects.toThrow(/a loop of more than 4 rounds/);
});
