import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HubClient } from '#client/client.ts';
import { watchJob } from '#client/job-events.ts';
import { postJob, startJob } from '#client/jobs.ts';
import { isPassing } from '#client/refusals.ts';
import { streamResults } from '#client/results.ts';
import { readVerdicts } from '#client/verdicts.ts';
import type { JobOptions, JobView } from '#protocol/api/job.ts';
import { describeReason } from '#protocol/api/sentences.ts';
import type { VerdictKind } from '#protocol/records/records.ts';
import { decodeNpy } from '#protocol/tensors/npy.ts';
import type { JobId } from '#protocol/values/ids.ts';
import { must, PocketgridError } from '#protocol/values/refusal.ts';
import { lamports } from '#protocol/values/units.ts';
import type { Money } from './money.ts';

const FOLDER = 'public/sample';
/**
 * Small units: 450 of them, so that some are paid after the trial of the first 75 and those
 * that are held.
 */
const OPTIONS: JobOptions = { name: 'Handwritten digits', unitItems: 4 };
const UNIT_PRICE = lamports(20_000n);
/** A job that does not change for this long is stuck. */
const QUIET_MS_MAX = 120_000;
const RETRY_MS = 500;

export interface SampleReport {
  job: JobView;
  /** Share of items whose largest output is the label, 0 to 1. */
  accuracy: number;
  verdicts: Record<VerdictKind, number>;
  /** From start to the last verdict. */
  seconds: number;
}

/**
 * Posts the sample job, pays for it where `deposit` says how, follows it to its end and judges its
 * results. Throws when it is refused.
 */
export async function runSampleJob(
  api: HubClient,
  { deposit, show }: { deposit?: Money['deposit']; show(job: JobView): void },
): Promise<SampleReport> {
  const labels = await readLabels();
  const posted = await postJob(api, {
    options: deposit === undefined ? OPTIONS : { ...OPTIONS, unitPrice: UNIT_PRICE },
    model: await readSample('digits.onnx'),
    inputs: [await readSample('digits.npy')],
  });
  const created = must(posted);
  const quoted = await followJob({ api, id: created.id, until: ['quoted'], show });
  const fund = await deposit?.(quoted);
  if (fund !== undefined) must(await fund());
  const started = performance.now();
  must(await startJob(api, created.id));
  const job = await followJob({ api, id: created.id, until: ['done'], show });
  const seconds = (performance.now() - started) / 1000;
  const range = { format: 'npy', from: 0, to: job.items } as const;
  const results = must(await streamResults(api, { job: job.id, range }));
  const accuracy = measureAccuracy(await buffer(results), labels);
  const verdicts = { match: 0, mismatch: 0, inconclusive: 0, 'device-unfit': 0 };
  for (const { verdict } of must(await readVerdicts(api))) {
    if (verdict.job === job.id) verdicts[verdict.kind] += 1;
  }
  return { job, accuracy, verdicts, seconds };
}

/** What a right sample job looks like; a sentence for each thing that is not so. */
export function judgeSample({ job, accuracy, verdicts }: SampleReport): string[] {
  const faults: string[] = [];
  if (accuracy < 0.97) faults.push(`accuracy is ${(accuracy * 100).toFixed(2)} %, under 97 %`);
  if (job.accepted !== job.units) faults.push(`${job.accepted} of ${job.units} units are accepted`);
  if (verdicts.mismatch > 0) faults.push(`${verdicts.mismatch} verdicts say mismatch`);
  return faults;
}

interface Follow {
  api: HubClient;
  id: JobId;
  until: readonly JobView['state'][];
  show: (job: JobView) => void;
}

async function followJob({ api, id, until, show }: Follow): Promise<JobView> {
  let last = '';
  let job: JobView | undefined;
  const quiet = { until: performance.now() + QUIET_MS_MAX };
  while (performance.now() < quiet.until) {
    const signal = AbortSignal.timeout(QUIET_MS_MAX);
    try {
      for await (const event of watchJob(api, id, { signal })) {
        job = event.job;
        show(job);
        if (until.includes(job.state)) return job;
        if (job.state === 'refused' || job.state === 'cancelled') {
          throw new Error(`The sample job is ${job.state}: ${describeReason(job.reason)}`);
        }
        const now = JSON.stringify([job.state, job.accepted, job.checked]);
        if (now !== last) quiet.until = performance.now() + QUIET_MS_MAX;
        last = now;
      }
    } catch (error) {
      if (!(error instanceof PocketgridError) || !isPassing(error.refusal)) throw error;
      // A cut stream: the hub may be restarting. The next round asks again.
    }
    await sleep(RETRY_MS);
  }
  const where =
    job === undefined ? 'nothing was heard of it' : `${job.state}: ${describeReason(job.reason)}`;
  throw new Error(`The sample job stood still for ${QUIET_MS_MAX / 1000} s (${where}).`);
}

const readSample = async (name: string) => ({
  name,
  data: new Blob([await readFile(`${FOLDER}/${name}`)]),
});

async function readLabels(): Promise<number[]> {
  const { labels } = JSON.parse(await readFile(`${FOLDER}/labels.json`, 'utf8')) as {
    labels: number[];
  };
  return labels;
}

/** Share of rows of an NPY matrix of f32 whose largest value stands at the label. */
export function measureAccuracy(npy: Uint8Array, labels: readonly number[]): number {
  const tensor = decodeNpy(npy);
  if (!tensor.ok) throw new Error(`The results are no NPY file: ${tensor.refusal.message}`);
  const { dtype, shape, data } = tensor.value;
  const [rows = 0, columns = 0] = shape;
  if (dtype !== 'f32' || rows !== labels.length || columns === 0) {
    throw new Error(`The results are ${dtype} of ${shape.join('×')}, for ${labels.length} labels.`);
  }
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  let right = 0;
  for (const [row, label] of labels.entries()) {
    let best = 0;
    const value = (column: number) => view.getFloat32((row * columns + column) * 4, true);
    for (let column = 1; column < columns; column += 1) {
      if (value(column) > value(best)) best = column;
    }
    if (best === label) right += 1;
  }
  return right / rows;
}
