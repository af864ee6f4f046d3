import { beforeAll, expect, it } from 'vitest';
import { type HubClient, openClient } from '#client/client.ts';
import { postJob, readJob } from '#client/jobs.ts';
import { addModel } from '#client/models.ts';
import { openTestGrid, openTestPrograms } from '#node/test-programs.ts';
import { isPictureTask, type TaskName } from '#protocol/tasks/task.ts';
import { must } from '#protocol/values/refusal.ts';
import { CASES, type CaseFile, filesOf, PICTURES, RECORDED, type TaskCase } from './cases.ts';
import { readRecorded } from './recorded.ts';
import { buildRepository } from './repository.ts';

const JOBS_MS_MAX = 4 * 60_000;
/** All are posted at once. */
const asked = new Map<string, Promise<unknown[]>>();

const programs = openTestPrograms();
let hub: HubClient;

/** A hub, a verifier and a contributor, each a process of its own. */
beforeAll(async () => {
  const { url, key, contribute } = await openTestGrid(programs);
  contribute();
  hub = openClient({ hub: url, key });
  for (const [name, each] of RECORDED) asked.set(name, ask(each));
}, 120_000);

const blobOf = ({ name, bytes }: CaseFile) => ({ name, data: new Blob([bytes]) });
const repositoryOf = (task: TaskName) =>
  [...buildRepository(task)].map(([name, bytes]) => blobOf({ name, bytes }));

/** What the grid answers, for a repository as it is published, sent or kept by the hub. */
async function ask(each: TaskCase, kept?: string): Promise<unknown[]> {
  const { task } = each;
  const modelFiles = kept === undefined ? repositoryOf(task.name) : [];
  const named = kept === undefined ? {} : { model: kept };
  const options = { name: task.name, task, autoStart: true, ...named };
  const inputs = filesOf(each).map(blobOf);
  const { id } = must(await postJob(hub, { modelFiles, inputs, options }));
  const state = async () => must(await readJob(hub, id)).state;
  await expect.poll(state, { timeout: JOBS_MS_MAX, interval: 200 }).toBe('done');
  const path = `/v1/jobs/${id}/results?format=jsonl`;
  const bytes = must(await hub.bytes(path, { bytesMax: 2 ** 24 }));
  const answers = new TextDecoder().decode(bytes).trim().split('\n');
  return answers.map((line) => JSON.parse(line) as unknown);
}

/** Every number as near as two builds of the runtime are, all else the same. */
function expectNear(found: unknown, wanted: unknown): void {
  if (typeof wanted === 'number') return expect(found).toBeCloseTo(wanted, 5);
  if (typeof wanted !== 'object' || wanted === null) return expect(found).toBe(wanted);
  expect(Object.keys(found as object).toSorted()).toEqual(Object.keys(wanted).toSorted());
  for (const [key, value] of Object.entries(wanted)) {
    expectNear((found as Record<string, unknown>)[key], value);
  }
}

it.each(RECORDED)(
  'the grid answers as transformers.js does: %s',
  { timeout: JOBS_MS_MAX },
  async (name, { task }) => {
    const wanted = readRecorded(name);
    const files = isPictureTask(task.name) ? PICTURES.map((file) => file.name) : [];
    const named = wanted.map((answer, at) => (files[at] ? { file: files[at], ...answer } : answer));
    expectNear(await asked.get(name), named);
  },
);

it(
  'the grid answers of a model that the hub keeps as of its files',
  async () => {
    const mean = CASES['mean'] as TaskCase;
    const files = repositoryOf(mean.task.name);
    must(await addModel(hub, { files, options: { name: 'org/encoder' } }));
    expect(await ask(mean, 'org/encoder')).toEqual(await asked.get('mean'));
  },
  JOBS_MS_MAX,
);
