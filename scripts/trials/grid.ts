import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type HubClient, openClient } from '#client/client.ts';
import { readJob } from '#client/jobs.ts';
import { isEnded, type JobView } from '#protocol/api/job.ts';
import { must } from '#protocol/values/refusal.ts';
import { runCommand } from '../command.ts';
import type { Children } from '../start/children.ts';

const READY_MS_MAX = 60_000;
const JOB_MS_MAX = 10 * 60_000;
/** Between two looks at a job. */
export const POLL_MS = 300;

/** A hub that runs, as a client and as the command line find it. */
export interface Grid {
  client: HubClient;
  url: string;
  key: string;
}

/** A hub, a verifier and a contributor, each a process of its own. */
export async function openGrid(children: Children, data: string): Promise<Grid> {
  const folder = ['--data', join(data, 'verifier')];
  const own = ['verifier/main.ts', '--print-key', ...folder];
  const command = [process.execPath, '--import', 'tsx', ...own];
  const known = await runCommand(command, { timeoutMs: READY_MS_MAX });
  if (known.code !== 0) throw new Error(known.text);
  const options = { readyMsMax: READY_MS_MAX };
  const words = ['hub/main.ts', '--port', '0', '--data', join(data, 'hub')];
  const ready = await children.start(
    'hub',
    [...words, '--verifier-key', known.text.trim()],
    options,
  ).ready;
  const [url, key] = [String(ready['url']), String(ready['key'])];
  await children.start('verifier', ['verifier/main.ts', '--hub', url, ...folder], options).ready;
  children.start(
    'contributor',
    ['worker/edge/node/main.ts', '--hub', url, '--data', data],
    options,
  );
  return { client: openClient({ hub: url, key }), url, key };
}

/** The job when it has ended, or when it took too long. */
export async function awaitEnd(hub: HubClient, { id }: JobView): Promise<JobView> {
  const until = performance.now() + JOB_MS_MAX;
  for (;;) {
    const job = must(await readJob(hub, id));
    if (isEnded(job.state)) return job;
    if (performance.now() > until) return job;
    await sleep(POLL_MS);
  }
}
