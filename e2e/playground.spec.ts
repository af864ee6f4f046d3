import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { expect, test } from '@playwright/test';
import { contribute } from './browser.ts';
import { type Grid, openGrid } from './grid.ts';
import { openProgram } from './program.ts';

const ANSWER_MS_MAX = 120_000;
let grid: Grid;
test.beforeAll(async () => {
  grid = await openGrid();
});
test.afterAll(() => grid?.close());

test('typed sentences are answered by a browser, with their receipt', async ({ browser }) => {
  await keepModel('text-classification', 'test/feelings');
  const worker = await browser.newContext();
  await contribute(worker, grid.url);
  const context = await browser.newContext({ viewport: { width: 390, height: 844 } });
  const page = await context.newPage();
  await page.goto(`${grid.url}/dashboard/playground#key=${grid.key}`);

  await expect(page.getByTestId('playground-task')).toHaveValue('text-classification');
  await page.getByTestId('run').click();
  await expect(page.getByTestId('refusal')).toContainText('Write a text on each line');
  await page.getByTestId('playground-texts').fill('i love this film\nit was bad');
  await page.getByTestId('run').click();
  await expect(page.getByTestId('run-meter')).toContainText(/\d/);
  const answers = page.getByTestId('answer');
  await expect(answers).toHaveCount(2, { timeout: ANSWER_MS_MAX });
  await expect(answers.first()).toContainText('i love this film');
  for (const label of ['POSITIVE', 'NEUTRAL', 'NEGATIVE']) {
    await expect(answers.first()).toContainText(label);
  }

  const lines = { name: 'lines.jsonl', mimeType: '', buffer: Buffer.from('{"text":"a cat"}\n"b"') };
  await page.getByTestId('playground-files').setInputFiles(lines);
  await page.getByTestId('run').click();
  await expect(page.getByTestId('run')).toBeHidden();
  await expect(page.getByTestId('answers')).toContainText('2 answers', { timeout: ANSWER_MS_MAX });
  await expect(answers.first()).toContainText('Item 0');

  await page.getByRole('link', { name: 'Receipt and job' }).click();
  await expect(page.getByTestId('receipts').getByTestId('receipt').first()).toBeVisible();
  await context.close();
  await worker.close();
});

/** Adds a small model of a task, as it is published, to the hub. */
async function keepModel(task: string, name: string): Promise<void> {
  const folder = join(grid.folder, task);
  const words = ['scripts/tasks/main.ts', '--task', task, '--out', folder];
  const program = openProgram(`a model of ${task}`, words);
  await program.line(/model\.onnx: \d+ bytes/);
  await program.stop();
  const form = new FormData();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    form.append('model', new Blob([await readFile(path)]), relative(folder, path));
  }
  form.append('options', JSON.stringify({ name }));
  const headers = { authorization: `Bearer ${grid.key}` };
  const added = await fetch(`${grid.url}/v1/models`, { method: 'POST', headers, body: form });
  expect(added.status).toBe(201);
}
