import { expect, test } from '@playwright/test';
import OpenAI, { toFile } from 'openai';
import { contribute } from './browser.ts';
import { type Grid, openGrid } from './grid.ts';
import { addVectorModel } from './model.ts';

const MODEL = 'made/vectors';
const HIDDEN = 32;
const TEXTS = ['The cat sat on the mat.', 'I love this film!', 'a dog'];

let grid: Grid;
test.beforeAll(async () => {
  grid = await openGrid();
  await addVectorModel(grid, { name: MODEL, hidden: HIDDEN });
});
test.afterAll(() => grid?.close());

test('the official client of OpenAI works unchanged with browsers as contributors', async ({
  browser,
}) => {
  const contexts = await Promise.all([browser.newContext(), browser.newContext()]);
  await Promise.all(contexts.map((context) => contribute(context, grid.url)));
  await expect.poll(async () => (await grid.api.devices()).length).toBe(2);
  const openai = new OpenAI({ baseURL: `${grid.url}/v1`, apiKey: grid.key, maxRetries: 0 });

  const models = await openai.models.list();
  expect(models.data.map(({ id }) => id)).toEqual([MODEL]);
  expect(await openai.models.retrieve(MODEL)).toMatchObject({ id: MODEL, object: 'model' });

  const first = await openai.embeddings.create({ model: MODEL, input: TEXTS });
  expect(first.data.map(({ index }) => index)).toEqual([0, 1, 2]);
  const vectors = first.data.map(({ embedding }) => embedding);
  for (const vector of vectors) expect(vector).toHaveLength(HIDDEN);
  // One by one, by a job that runs already, the same texts give the same vectors.
  for (const [at, input] of TEXTS.entries()) {
    const { data } = await openai.embeddings.create({ model: MODEL, input });
    expectNear(data[0]?.embedding, vectors[at]);
  }
  const wrong = openai.embeddings.create({ model: 'made/vector', input: 'a' });
  await expect(wrong).rejects.toThrow(/made\/vectors/);

  const lines = TEXTS.map((input, at) => {
    const body = { model: MODEL, input };
    return JSON.stringify({ custom_id: `${at}`, method: 'POST', url: '/v1/embeddings', body });
  });
  const file = await openai.files.create({
    file: await toFile(new Blob([lines.join('\n')]), 'lines.jsonl'),
    purpose: 'batch',
  });
  const batch = await openai.batches.create({
    ...{ input_file_id: file.id, endpoint: '/v1/embeddings', completion_window: '24h' },
  });
  const look = async () => (await openai.batches.retrieve(batch.id)).status;
  await expect.poll(look, { timeout: 120_000 }).toBe('completed');
  const { output_file_id: output } = await openai.batches.retrieve(batch.id);
  const answers = (await (await openai.files.content(output ?? '')).text()).trim().split('\n');
  for (const answer of answers) {
    const { custom_id: id, response } = JSON.parse(answer);
    expectNear(response.body.data[0].embedding, vectors[Number(id)]);
  }
  expect(answers).toHaveLength(TEXTS.length);
  await Promise.all(contexts.map((context) => context.close()));
});

function expectNear(vector: readonly number[] = [], wanted: readonly number[] = []): void {
  expect(vector).toHaveLength(wanted.length);
  for (const [at, value] of vector.entries()) expect(value).toBeCloseTo(wanted[at] ?? NaN, 4);
}
