import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { postJob } from '#client/jobs.ts';
import type { JobView } from '#protocol/api/job.ts';
import { must } from '#protocol/values/refusal.ts';
import { openProgram, readVerifierKey, runCommand } from './command.ts';
import type { Bench, BenchContext } from './figure.ts';
import { awaitJob, type BenchHub, openHub } from './hub.ts';
import { openCountingLine } from './tasks/counting-line.ts';

const MAKE_MS_MAX = 60_000;
const START_MS_MAX = 60_000;
const JOB_MS_MAX = 10 * 60_000;
/** Numbers of a vector of all-MiniLM-L6-v2. */
const HIDDEN = 384;
const SENTENCES = 4_000;
const QUICK_SENTENCES = 1_000;
const WORDS = 'the a cat dog sat on mat is was good bad film i love hate it not very'.split(' ');
/** Words of a sentence: no two sentences are the same. */
const PLACES = [0, 1, 2, 3, 4];

/**
 * What a device sends for a sentence of a job of embeddings, its vector and all that goes with it:
 * counted on the line between a contributor and the hub, from the first byte of the job to its end.
 */
export const run: Bench = async function* (context) {
  const model = await makeRepository(context);
  const hub = await openGrid(context);
  const line = await openCountingLine(hub.url, context);
  const device = ['--hub', line.url, '--data', join(context.folder, 'contributor')];
  await openProgram(['worker/edge/node/main.ts', ...device], context).hear('ready', START_MS_MAX);
  const items = context.quick ? QUICK_SENTENCES : SENTENCES;
  const before = line.sent();
  context.say(`${items} sentences to vectors of ${HIDDEN} numbers…`);
  const { unitItems, units } = await postSentences(hub, model, items);
  const sent = line.sent() - before;
  yield {
    figure: 'embedding-bytes',
    value: sent / items,
    unit: 'bytes',
    baseline: 2_000,
    detail: { items, unitItems, units, vectorBytes: HIDDEN * 4 },
  };
};

type File = { name: string; data: Blob };

/** A small model of vectors as wide as those of all-MiniLM-L6-v2. */
async function makeRepository({ folder }: BenchContext): Promise<File[]> {
  const out = join(folder, 'repository');
  const words = ['--out', out, '--task', 'feature-extraction', '--hidden', String(HIDDEN)];
  await runCommand(['npx', 'tsx', 'scripts/tasks/main.ts', ...words], MAKE_MS_MAX);
  const files: File[] = [];
  for (const name of (await readdir(out, { recursive: true })).sort()) {
    const path = join(out, name);
    if (!(await stat(path)).isFile()) continue;
    files.push({ name, data: new Blob([new Uint8Array(await readFile(path))]) });
  }
  return files;
}

/** A hub with a verifier. */
async function openGrid(context: BenchContext): Promise<BenchHub> {
  const verifier = join(context.folder, 'verifier');
  const key = await readVerifierKey(verifier);
  const hub = await openHub(context, join(context.folder, 'hub'), ['--verifier-key', key]);
  const own = ['--hub', hub.url, '--data', verifier];
  await openProgram(['verifier/main.ts', ...own], context).hear('ready', START_MS_MAX);
  return hub;
}

async function postSentences(
  hub: BenchHub,
  files: readonly File[],
  items: number,
): Promise<JobView> {
  const sentences = Array.from({ length: items }, (_, at) =>
    PLACES.map((place) => WORDS[Math.floor(at / WORDS.length ** place) % WORDS.length]).join(' '),
  );
  const { id } = must(
    await postJob(hub.client, {
      modelFiles: files,
      inputs: [{ name: 'sentences.txt', data: new Blob([sentences.join('\n')]) }],
      options: { name: 'embed', task: { name: 'feature-extraction' }, autoStart: true },
    }),
  );
  return awaitJob(hub, id, { states: ['done'], timeoutMs: JOB_MS_MAX });
}
