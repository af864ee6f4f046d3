import { expect, test } from '@playwright/test';
import OpenAI from 'openai';
import { contribute } from './browser.ts';
import { type Grid, openGrid } from './grid.ts';
import { addTaskModel } from './model.ts';

const MODEL = 'made/writer';
const ASKED = {
  ...{ model: MODEL, messages: [{ role: 'user' as const, content: 'What is gravity?' }] },
  ...{ seed: 7, max_tokens: 150 },
};

let grid: Grid;
test.beforeAll(async () => {
  grid = await openGrid();
  await addTaskModel(grid, { name: MODEL, task: 'text-generation' });
});
test.afterAll(() => grid?.close());

test('the official client streams a chat from a browser, and a closed tab changes nothing in the text', async ({
  browser,
}) => {
  test.setTimeout(300_000);
  const first = await browser.newContext();
  await contribute(first, grid.url);
  await expect.poll(async () => (await grid.api.devices()).length).toBe(1);
  const openai = new OpenAI({ baseURL: `${grid.url}/v1`, apiKey: grid.key, maxRetries: 0 });
  const headers = { Prefer: 'wait=120' };

  let asked = ASKED;
  let whole = await openai.chat.completions.create(asked, { headers });
  while ((whole.usage?.completion_tokens ?? 0) < 100) {
    asked = { ...asked, seed: asked.seed + 1 };
    whole = await openai.chat.completions.create(asked, { headers });
  }
  const parts: string[] = [];
  const chunks = await openai.chat.completions.create({ ...asked, stream: true }, { headers });
  for await (const { choices } of chunks) {
    const part = choices[0]?.delta.content ?? '';
    if (part === '') continue;
    if (parts.length === 0) {
      await first.close();
      await contribute(await browser.newContext(), grid.url);
    }
    parts.push(part);
  }
  expect(parts.length).toBeGreaterThan(1);
  expect(parts.join('')).toBe(whole.choices[0]?.message.content);

  const { response } = await openai.chat.completions.create(asked, { headers }).withResponse();
  const job = response.headers.get('x-pocketgrid-job') ?? '';
  const count = async (verdict: string) =>
    (await grid.api.verdicts(job)).filter(({ kind }) => kind === verdict).length;
  await expect.poll(() => count('match'), { timeout: 60_000 }).toBeGreaterThan(5);
  expect(await count('mismatch')).toBe(0);
});
