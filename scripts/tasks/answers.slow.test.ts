import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type HubClient, openClient } from '#client/client.ts';
import { postJob, readJob } from '#client/jobs.ts';
import { addModel } from '#client/models.ts';
import { openTestPrograms } from '#node/test-programs.ts';
import type { TaskOptions } from '#protocol/tasks/task.ts';
import { must } from '#protocol/values/refusal.ts';
import { buildRepository } from './repository.ts';

const TEXTS = ['The cat sat on the mat.', 'I love this film! It was very good and not bad', 'a'];
const TOPICS = ['sport', 'politics', 'cat'];
const JOBS_MS_MAX = 4 * 60_000;
/** What the pipelines of transformers.js said of the same models. */
const pipelines = JSON.parse(readFileSync(join(import.meta.dirname, 'pipelines.json'), 'utf8'));

const ZERO_SHOT = 'zero-shot-classification';
/** Tasks and lines; all are posted at once. */
const JOBS: Readonly<Record<string, [TaskOptions, unknown[]]>> = {
  mean: [{ name: 'feature-extraction', normalize: true }, TEXTS],
  first: [{ name: 'feature-extraction', pooling: 'cls' }, TEXTS],
  none: [{ name: 'feature-extraction', pooling: 'none' }, TEXTS],
  last: [{ name: 'feature-extraction', pooling: 'last-token' }, TEXTS],
  classes: [{ name: 'text-classification', topK: 3 }, TEXTS],
  tokens: [{ name: 'token-classification' }, TEXTS],
  words: [{ name: 'fill-mask' }, ['The [MASK] sat on the mat.', 'i [MASK] it']],
  one: [{ name: ZERO_SHOT, labels: TOPICS }, TEXTS],
  several: [{ name: ZERO_SHOT, labels: TOPICS.slice(0, 2), multiLabel: true }, TEXTS],
  ranks: [
    { name: 'text-ranking' },
    [
      { query: 'the cat', document: 'a dog' },
      { text: 'i', pair: 'love it' },
    ],
  ],
};
const asked = new Map<string, Promise<unknown[]>>();
/** One key of all answers of a job. */
const answersOf = async (job: string, key?: string): Promise<unknown[]> => {
  const answers = (await asked.get(job)) ?? [];
  if (key === undefined) return answers;
  return answers.map((answer) => (answer as Record<string, unknown>)[key]);
};

const { data, start } = openTestPrograms();
let hub: HubClient;

/** A hub, a verifier and a contributor, each a process of its own. */
beforeAll(async () => {
  const folder = ['--data', join(data, 'verifier')];
  const key = await start('verifier/main.ts', '--print-key', ...folder).ended;
  const words = ['hub/main.ts', '--port', '0', '--data', join(data, 'hub')];
  const ready = await start(...words, '--verifier-key', key.text.trim()).ready;
  const url = String(ready.url);
  await start('verifier/main.ts', '--hub', url, ...folder).ready;
  start('worker/edge/node/main.ts', '--hub', url, '--data', join(data, 'contributor'));
  hub = openClient({ hub: url, key: String(ready.key) });
  for (const [name, [task, lines]] of Object.entries(JOBS)) asked.set(name, ask(task, lines));
}, 120_000);

const filesOf = (task: TaskOptions) =>
  [...buildRepository(task.name)].map(([name, bytes]) => ({ name, data: new Blob([bytes]) }));

/** What the grid answers to lines, for a repository as it is published, sent or kept by the hub. */
async function ask(
  task: TaskOptions,
  lines: readonly unknown[],
  kept?: string,
): Promise<unknown[]> {
  const modelFiles = kept === undefined ? filesOf(task) : [];
  const text = lines.map((line) => JSON.stringify(line)).join('\n');
  const inputs = [{ name: 'lines.jsonl', data: new Blob([text]) }];
  const named = kept === undefined ? {} : { model: kept };
  const options = { name: task.name, task, autoStart: true, ...named };
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
  expect(Object.keys(found as object)).toEqual(Object.keys(wanted));
  for (const [key, value] of Object.entries(wanted)) {
    expectNear((found as Record<string, unknown>)[key], value);
  }
}

/** Labels and scores apart, as the pipeline gives them. */
const apart = (answer: unknown) => {
  const { labels } = answer as { labels: { label: string; score: number }[] };
  return { labels: labels.map(({ label }) => label), scores: labels.map(({ score }) => score) };
};

describe('the grid answers as transformers.js does', { timeout: JOBS_MS_MAX }, () => {
  it('for vectors of texts, by mean and length 1 and by the first token', async () => {
    expectNear(await answersOf('mean', 'embedding'), pipelines.fe);
    expectNear(await answersOf('first', 'embedding'), pipelines.cls);
  });

  it('for classes of texts', async () => {
    expectNear(await answersOf('classes', 'labels'), pipelines.tc);
  });

  it('for tokens', async () => {
    expectNear(await answersOf('tokens', 'tokens'), pipelines.tok);
  });

  it('for words to be found', async () => {
    expectNear(await answersOf('words', 'tokens'), pipelines.fm);
  });

  it('for labels that nobody trained, one of them or several', async () => {
    const wanted = (all: { labels: string[]; scores: number[] }[]) =>
      all.map(({ labels, scores }) => ({ labels, scores }));
    expectNear((await answersOf('one')).map(apart), wanted(pipelines.zs));
    expectNear((await answersOf('several')).map(apart), wanted(pipelines.zm));
  });
});

describe('the grid answers', { timeout: JOBS_MS_MAX }, () => {
  it('with the vectors of the tokens of a text, and none of what fills it up', async () => {
    const vectors = (await answersOf('none', 'embeddings')) as number[][][];
    expect(vectors.map(({ length }) => length)).toEqual([9, 14, 3]);
    const last = vectors.map((each) => each.at(-1));
    expectNear(await answersOf('last', 'embedding'), last);
  });

  it('pairs with a score between 0 and 1', async () => {
    const scores = (await answersOf('ranks', 'score')) as number[];
    expect(scores.every((score) => score > 0 && score < 1)).toBe(true);
    expect(scores).toHaveLength(2);
  });

  it('of a model that the hub keeps as of its files', async () => {
    const [task, lines] = JOBS['mean'] ?? [{ name: 'feature-extraction' }, []];
    must(await addModel(hub, { files: filesOf(task), options: { name: 'org/encoder' } }));
    expect(await ask(task, lines, 'org/encoder')).toEqual(await answersOf('mean'));
  });
});
