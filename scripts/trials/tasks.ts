import { mkdir, writeFile } from 'node:fs/promises';
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
import { orderResults } from './command-line.ts';
import { compare } from './difference.ts';
import { awaitEnd, type Grid, POLL_MS } from './grid.ts';
import type { ModelPackage } from './packages.ts';
import { type Asking, askPipeline, openTransformers } from './pipelines.ts';
import { readPhotos, TRAINED } from './trained.ts';

const RECORD = join(import.meta.dirname, '../tasks/pipelines.json');
const DIGITS = 7;
/** What the answers of two runtimes may differ by. */
const DIFFERENCE_MAX = 1e-5;
const ANSWERS_BYTES_MAX = 2 ** 26;
const FORMAT_MS_MAX = 60_000;

/** A model, and what is asked of it. */
interface Subject extends Omit<Asking, 'model'> {
  name: string;
  repository: RepositoryFiles;
  /** The package of a trained model; the weights of others are drawn at random. */
  from?: ModelPackage;
}

/**
 * Asks the grid and transformers.js' own pipelines the same of the same repositories, and prints how
 * far their answers are apart, a line of JSON each. Trained models come to the grid by the command
 * line. With `record` it keeps what the pipelines said of the small models: that is how
 * `scripts/tasks/pipelines.json` is made. Throws at the end where answers were others.
 */
export async function tryTasks(
  grid: Grid,
  { cache, folder, record }: { cache: string; folder: string; record: boolean },
): Promise<void> {
  const repositories = join(folder, 'repositories');
  const transformers = await openTransformers(cache, repositories);
  const recorded: Record<string, object[]> = {};
  const others: string[] = [];
  for (const subject of await listSubjects(cache)) {
    const { name, repository, task, from } = subject;
    const model = `made/${name}`;
    await save(repository, join(repositories, model));
    const wanted = await askPipeline(transformers, { ...subject, model });
    // The runtime holds up this thread: what the hub has closed meanwhile is seen before it is used.
    await sleep(POLL_MS);
    const order = {
      ...{ model: join(repositories, model), task: task.name },
      ...{ files: subject.files ?? filesOf(subject), folder: join(folder, 'answers', name) },
    };
    const found =
      from === undefined
        ? await askGrid(grid.client, subject)
        : readAnswers(await orderResults(grid, order));
    if (RECORDED.some(([known]) => known === name)) recorded[name] = wanted;
    const { value, words } = compare(found, wanted);
    if (words > 0 || !(value <= DIFFERENCE_MAX)) others.push(name);
    const weights = from === undefined ? 'drawn at random' : `trained: ${nameOf(from)}`;
    const detail = { task: task.name, case: name, weights, words, items: wanted.length };
    const figure = { figure: 'tasks/pipeline-difference', value, unit: 'largest difference' };
    process.stdout.write(`${JSON.stringify({ ...figure, detail })}\n`);
  }
  if (record) await keep(recorded);
  if (others.length > 0) throw new Error(`the grid answers otherwise: ${others.join(', ')}`);
}

async function keep(recorded: Readonly<Record<string, object[]>>): Promise<void> {
  await writeFile(RECORD, JSON.stringify(recorded, round));
  const command = ['npx', 'biome', 'format', '--write', RECORD];
  const { code, text } = await runCommand(command, { timeoutMs: FORMAT_MS_MAX });
  if (code !== 0) throw new Error(text);
}

const nameOf = ({ registry, name, version }: ModelPackage) => `${registry} ${name} ${version}`;

/** The small models, those of pictures once more with photos, and trained ones of packages. */
async function listSubjects(cache: string): Promise<Subject[]> {
  const photos = await readPhotos(cache);
  const small = Object.entries(CASES).map(
    ([name, each]): Subject => ({ ...each, name, repository: buildRepository(each.task.name) }),
  );
  const ofPhotos = small
    .filter(({ task }) => isPictureTask(task.name))
    .map((subject) => ({ ...subject, name: `${subject.name}-of-photos`, files: photos }));
  const trained: Subject[] = [];
  for (const { fetch, files, task, lines = [], pipeline = {}, ...each } of TRAINED) {
    trained.push({
      ...{ ...each, lines, pipeline, task: { name: task }, repository: await fetch(cache) },
      ...(files && { files: await files(cache) }),
    });
  }
  return [...small, ...ofPhotos, ...trained];
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
  return readAnswers(new TextDecoder().decode(bytes).trim().split('\n'));
}

const readAnswers = (lines: readonly string[]): object[] =>
  lines.map((line) => {
    const { file: _, ...answer } = JSON.parse(line) as Record<string, unknown>;
    return answer;
  });

/** Numbers with as many digits as runtimes agree on. */
const round = (_: string, value: unknown): unknown =>
  typeof value === 'number' && !Number.isInteger(value) ? Number(value.toFixed(DIGITS)) : value;
