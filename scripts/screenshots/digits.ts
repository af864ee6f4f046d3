import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { postJob, readJob } from '#client/jobs.ts';
import type { JobOptions, JobView } from '#protocol/api/job.ts';
import { decodeNpy, encodeNpy } from '#protocol/tensors/npy.ts';
import type { JobId } from '#protocol/values/ids.ts';
import { must } from '#protocol/values/refusal.ts';
import type { Grid } from '../start/grid.ts';

const POLL_MS = 500;

/** Waits until a job is in a state. */
export async function reachState(
  { api }: Grid,
  job: JobId,
  wanted: JobView['state'],
): Promise<void> {
  while (must(await readJob(api, job)).state !== wanted) await sleep(POLL_MS);
}

/** Posts the sample's digits over and over, so many rows of them. Gives the job's id. */
export async function postDigits(
  { api }: Grid,
  { rows, ...options }: JobOptions & { rows: number },
): Promise<JobId> {
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
  const job = await postJob(api, {
    options,
    model: { name: 'digits.onnx', data: new Blob([model]) },
    inputs: [{ name: 'digits.npy', data: new Blob([new Uint8Array(inputs)]) }],
  });
  return must(job).id;
}
