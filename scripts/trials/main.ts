import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { HubClient } from '#client/client.ts';
import { postJob } from '#client/jobs.ts';
import { describeReason } from '#protocol/api/sentences.ts';
import { decodeSafetensors, encodeSafetensors } from '#protocol/tensors/safetensors.ts';
import type { Tensor } from '#protocol/tensors/tensor.ts';
import { must } from '#protocol/values/refusal.ts';
import { openChildren } from '../start/children.ts';
import { awaitEnd, openGrid, POLL_MS } from './grid.ts';
import { tryLarge } from './large.ts';
import { TRIALS } from './models.ts';
import { fetchModels } from './packages.ts';
import { type Answer, packItems, readDtypes, renameOutputs, runAlone } from './reference.ts';
import { tryTasks } from './tasks.ts';
import type { Trial } from './trial.ts';

/**
 * Posts published models to a real grid and compares each result with what the runtime gives for
 * its item alone: `npm run trials -- --cache FOLDER --only TEXT --json`. `--only tasks` compares the
 * answers of tasks with those of transformers.js, and `--record` keeps these for the tests. `--only
 * large` posts a model as large as a hub takes.
 */
const ITEMS = 6;
/** Of models up to this size more items are tried, so that units hold several. */
const SMALL_BYTES = 4_000_000;
const ITEMS_OF_SMALL = 32;
/** What `--only` says for tasks, which are compared with transformers.js. */
const TASKS = 'tasks';
/** What it says for a model of 576 MB, which needs a memory trial. */
const LARGE = 'large';
/** Of the largest value of an output: what another build of the kernels gives. */
const TOLERANCE = 1e-3;

type Outcome = 'right' | 'wrong' | 'refused' | 'not run by the runtime';
interface Found {
  outcome: Outcome;
  unitItems?: number;
  /** The largest difference of an output, of its largest value. */
  difference?: number;
  words?: string;
}

async function main(): Promise<void> {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const options = { cache: text, only: text, json: flag, record: flag };
  const { values } = parseArgs({ options });
  const cache = values.cache ?? join(homedir(), '.cache', 'pocketgrid-trials');
  const trials = TRIALS.filter(({ from, path }) =>
    `${from.registry} ${from.name} ${path}`.includes(values.only ?? ''),
  );
  const data = await mkdtemp(join(tmpdir(), 'pocketgrid-trials-'));
  const children = openChildren((line) => process.stderr.write(`${line}\n`));
  const counts = { right: 0, wrong: 0, refused: 0, 'not run by the runtime': 0 };
  try {
    const grid = await openGrid(children, data);
    const hub = grid.client;
    if (values.only === TASKS) {
      return await tryTasks(grid, { cache, folder: data, record: values.record === true });
    }
    if (values.only === LARGE) return await tryLarge(hub);
    for (const trial of trials) {
      const found = await tryModel(hub, trial, cache);
      counts[found.outcome] += 1;
      if (values.json !== true) process.stdout.write(`${tell(trial, found)}\n`);
      else if (found.outcome !== 'right') process.stderr.write(`${tell(trial, found)}\n`);
    }
  } finally {
    await children.close();
    await rm(data, { recursive: true, force: true });
  }
  const { right, wrong, refused } = counts;
  const runnable = right + wrong + refused;
  if (values.json === true)
    process.stdout.write(`${JSON.stringify({ trials: runnable, ...counts })}\n`);
  else process.stdout.write(`${right} of ${runnable} right, ${wrong} silently wrong\n`);
}

async function tryModel(hub: HubClient, trial: Trial, cache: string): Promise<Found> {
  const folder = await fetchModels(cache, trial.from);
  const read = async (path: string) => new Uint8Array(await readFile(join(folder, path)));
  const model = await read(trial.path);
  const items = model.length > SMALL_BYTES ? ITEMS : ITEMS_OF_SMALL;
  let alone: Answer[];
  try {
    const { alike } = trial;
    alone =
      alike === undefined
        ? await runAlone(model, trial, items)
        : renameOutputs(await runAlone(await read(alike), trial, items), model);
  } catch (error) {
    return { outcome: 'not run by the runtime', words: String(error).slice(0, 200) };
  }
  // The runtime holds up this thread: what the hub has closed meanwhile is seen before it is used.
  await sleep(POLL_MS);
  const inputs = encodeSafetensors(packItems(trial, readDtypes(model), items));
  const posted = await postJob(hub, {
    model: { name: basename(trial.path), data: new Blob([model]) },
    inputs: [{ name: 'inputs.safetensors', data: new Blob([new Uint8Array(inputs)]) }],
    options: { name: basename(trial.path), autoStart: true, ...trial.options },
  });
  if (!posted.ok) return { outcome: 'refused', words: posted.refusal.message };
  const job = await awaitEnd(hub, posted.value);
  if (job.state !== 'done') return { outcome: 'refused', words: describeReason(job.reason) };
  const bytes = must(await hub.bytes(`/v1/jobs/${job.id}/results`, { bytesMax: 2 ** 28 }));
  const { tensors } = must(decodeSafetensors(bytes));
  const difference = compare(tensors, alone);
  const outcome = difference <= TOLERANCE ? 'right' : 'wrong';
  return { outcome, unitItems: job.unitItems, difference };
}

/** The largest difference of any output, of its largest value; infinite where one is missing. */
function compare(found: ReadonlyMap<string, Tensor>, alone: readonly Answer[]): number {
  let most = found.size === 0 ? Number.POSITIVE_INFINITY : 0;
  for (const [name, { dtype, data }] of found) {
    const wanted = alone.flatMap((answer) => Array.from(answer.get(name) ?? []));
    const bytes = data.slice().buffer;
    const got =
      dtype === 'f32'
        ? Array.from(new Float32Array(bytes))
        : Array.from(dtype === 'i64' ? new BigInt64Array(bytes) : new Uint8Array(bytes), Number);
    if (got.length !== wanted.length) return Number.POSITIVE_INFINITY;
    let [largest, apart] = [1e-9, 0];
    for (const [at, value] of wanted.entries()) {
      largest = Math.max(largest, Math.abs(value));
      apart = Math.max(apart, Math.abs(value - (got[at] ?? Number.NaN)));
    }
    most = Math.max(most, apart / largest);
  }
  return most;
}

function tell({ from, path }: Trial, found: Found): string {
  const { outcome, unitItems, difference, words } = found;
  const model = `${from.name} ${basename(path)}`.padEnd(52);
  const unit = unitItems === undefined ? '' : `${unitItems} a unit`;
  const apart = difference === undefined ? '' : difference.toExponential(1);
  return [model, outcome.padEnd(8), unit.padEnd(10), apart, words ?? ''].join(' ').trimEnd();
}

await main();
