import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { postJob, readJob, startJob } from '#client/jobs.ts';
import { isPassing } from '#client/refusals.ts';
import type { JobView } from '#protocol/api/job.ts';
import { describeReason } from '#protocol/api/sentences.ts';
import type { JobId } from '#protocol/values/ids.ts';
import { must, type Result } from '#protocol/values/refusal.ts';
import { lamports } from '#protocol/values/units.ts';
import type { Cast } from './cast.ts';

const OPTIONS = { name: 'soak', unitItems: 4, unitPrice: lamports(20_000n) };
const ANSWER_MS_MAX = 120_000;
const JOB_MS_MAX = 4 * 60_000;
const RETRY_MS = 200;

/** Asks again while the hub is away, or is about to do what was asked. */
export async function insistOn<T>(ask: () => Promise<Result<T>>): Promise<T> {
  const until = Date.now() + ANSWER_MS_MAX;
  for (;;) {
    const answer = await ask();
    if (answer.ok || !isPassing(answer.refusal) || Date.now() > until) return must(answer);
    await sleep(RETRY_MS);
  }
}

/** The sample job with a price, from its post to its end, however often the hub dies meanwhile. */
export async function runJob({ api, money }: Cast, posted: (id: JobId) => void): Promise<void> {
  const read = async (name: string) => ({
    name,
    data: new Blob([await readFile(`public/sample/${name}`)]),
  });
  const upload = {
    options: OPTIONS,
    model: await read('digits.onnx'),
    inputs: [await read('digits.npy')],
  };
  const { id } = await insistOn(() => postJob(api, upload));
  posted(id);
  const quoted = await follow({ api }, id, 'quoted');
  const fund = await money.deposit(quoted);
  await insistOn(fund);
  // The answer to a start may be lost, and then a second one comes too late.
  await insistOn(async () => {
    const answer = await startJob(api, id);
    return !answer.ok && answer.refusal.code === 'job-state' ? readJob(api, id) : answer;
  });
  await follow({ api }, id, 'done');
}

async function follow(
  { api }: Pick<Cast, 'api'>,
  id: JobId,
  state: JobView['state'],
): Promise<JobView> {
  for (const until = Date.now() + JOB_MS_MAX; ; await sleep(RETRY_MS)) {
    const job = await insistOn(() => readJob(api, id));
    if (job.state === state) return job;
    const isOver = job.state === 'refused' || job.state === 'cancelled';
    if (isOver || Date.now() > until) {
      throw new Error(`${id} is "${job.state}", not "${state}": ${describeReason(job.reason)}`);
    }
  }
}
