import { readFile } from 'node:fs/promises';
import type { JobOptions } from '#protocol/api/job.ts';
import { decodeNpy, encodeNpy } from '#protocol/tensors/npy.ts';
import type { Grid } from '../start/grid.ts';

/** Posts the sample's digits over and over, so many rows of them. Gives the job's id. */
export async function postDigits(
  { api }: Grid,
  { rows, ...options }: JobOptions & { rows: number },
): Promise<string> {
  const [model, npy] = await Promise.all([
    readFile('public/sample/digits.onnx'),
    readFile('public/sample/digits.npy'),
  ]);
  const tensor = decodeNpy(npy);
  if (!tensor.ok) throw new Error(tensor.refusal.message);
  const { dtype, shape, data } = tensor.value;
  const [held = 1, ...rest] = shape;
  const rounds = Array.from({ length: Math.ceil(rows / held) }, () => data);
  const repeated = Buffer.concat(rounds).subarray(0, (data.length / held) * rows);
  const inputs = encodeNpy({ dtype, shape: [rows, ...rest], data: repeated });
  const { id } = await api.createJob({
    options,
    model: new Blob([model]),
    inputs: new File([inputs], 'digits.npy'),
  });
  return id;
}
