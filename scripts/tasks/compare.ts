import { setTimeout as sleep } from 'node:timers/promises';
import { type HubClient, openClient } from '#client/client.ts';
import { postJob, readJob } from '#client/jobs.ts';
import { readFlags, Text } from '#node/flags.ts';
import { must } from '#protocol/values/refusal.ts';
import { filesOf, PICTURES, RECORDED, type TaskCase } from './cases.ts';
import { readRecorded } from './recorded.ts';
import { buildRepository } from './repository.ts';

/**
 * `tsx scripts/tasks/compare.ts --hub URL --key KEY`: has a grid answer all cases of which the output of
 * transformers.js is recorded, and prints as JSON how far its answers are from that. Its hub needs a
 * verifier and a contributor.
 */
const JOB_MS_MAX = 4 * 60_000;
const POLL_MS = 200;
const RESULT_BYTES_MAX = 2 ** 24;

interface Difference {
  /** The largest of numbers. */
  number: number;
  /** Words, classes, tokens and places that are others. */
  others: number;
  cases: number;
}

async function ask(hub: HubClient, each: TaskCase): Promise<unknown[]> {
  const { task } = each;
  const modelFiles = [...buildRepository(task.name)].map(([name, bytes]) => blobOf(name, bytes));
  const inputs = filesOf(each).map(({ name, bytes }) => blobOf(name, bytes));
  const options = { name: task.name, task, autoStart: true };
  const { id } = must(await postJob(hub, { modelFiles, inputs, options }));
  const until = Date.now() + JOB_MS_MAX;
  for (;;) {
    const { state, reason } = must(await readJob(hub, id));
    if (state === 'done') break;
    if (Date.now() > until) throw new Error(`${task.name} is ${state}: ${reason.code}`);
    await sleep(POLL_MS);
  }
  const path = `/v1/jobs/${id}/results?format=jsonl`;
  const bytes = must(await hub.bytes(path, { bytesMax: RESULT_BYTES_MAX }));
  const lines = new TextDecoder().decode(bytes).trim().split('\n');
  return lines.map((line) => JSON.parse(line) as unknown);
}

const blobOf = (name: string, bytes: Uint8Array) => ({
  name,
  data: new Blob([new Uint8Array(bytes)]),
});

const isPicture = (value: unknown): boolean => PICTURES.some(({ name }) => name === value);

function compare(answer: unknown, wanted: unknown, found: Difference): void {
  if (typeof wanted === 'number' && typeof answer === 'number') {
    found.number = Math.max(found.number, Math.abs(answer - wanted));
  } else if (typeof wanted !== 'object' || wanted === null) {
    if (answer !== wanted) found.others += 1;
  } else {
    const [mine, theirs] = [answer, wanted] as Record<string, unknown>[];
    const names = new Set([...Object.keys(mine ?? {}), ...Object.keys(theirs ?? {})]);
    for (const name of names) {
      // The grid names the file that an answer is of; a pipeline has none.
      if (name === 'file' && isPicture(mine?.[name])) continue;
      compare(mine?.[name], theirs?.[name], found);
    }
  }
}

const flags = readFlags({ hub: Text, key: Text });
if (flags === 'help') throw new Error('tsx scripts/tasks/compare.ts --hub URL --key KEY');
const hub = openClient(flags);
const found: Difference = { number: 0, others: 0, cases: 0 };
for (const [name, each] of RECORDED) {
  compare(await ask(hub, each), readRecorded(name), found);
  found.cases += 1;
}
process.stdout.write(`${JSON.stringify(found)}\n`);
