import { join } from 'node:path';
import { type BrowserContext, expect, type Page, test } from '@playwright/test';
import { contribute } from './browser.ts';
import { type Grid, openGrid } from './grid.ts';
import { openProgram } from './program.ts';

const ANSWER_MS_MAX = 120_000;
const PHONE = { viewport: { width: 390, height: 844 } };
let grid: Grid;
let model: string;
let worker: BrowserContext;
test.beforeAll(async ({ browser }) => {
  grid = await openGrid();
  model = await writeModel('text-classification');
  worker = await browser.newContext();
  await contribute(worker, grid.url);
});
test.afterAll(async () => {
  await worker?.close();
  await grid?.close();
});

test('a model is added from its folder, asked with typed sentences, and removed', async ({
  browser,
}) => {
  const context = await browser.newContext(PHONE);
  const page = await context.newPage();
  await addModel(page, model, 'test/feelings');
  await expect(page.getByTestId('model')).toContainText('Likely text-classification');

  await page.getByRole('link', { name: 'Playground' }).click();
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

  const buffer = Buffer.from('{"text":"a cat"}\n"a dog"\n"a mat"');
  await page
    .getByTestId('playground-files')
    .setInputFiles({ name: 'lines.jsonl', mimeType: '', buffer });
  await page.getByTestId('run').click();
  await expect(page.getByTestId('answers')).toBeHidden();
  await expect(answers).toHaveCount(3, { timeout: ANSWER_MS_MAX });
  await expect(answers.first()).toContainText('Item 0');

  await page.getByRole('link', { name: 'Receipt and job' }).click();
  await expect(page.getByTestId('receipts').getByTestId('receipt').first()).toBeVisible();
  await expectTable(page, 3);

  await page.goto(`${grid.url}/dashboard/models`);
  await page.getByRole('button', { name: 'Remove test/feelings' }).click();
  await page.getByRole('button', { name: 'Really remove it' }).click();
  await expect(page.getByText('None yet.')).toBeVisible();
  await context.close();
});

test('a text file is texts where a task is chosen, with the model’s own files', async ({
  browser,
}) => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${grid.url}/dashboard#key=${grid.key}`);
  await page.getByTestId('own-task').selectOption('text-classification');
  const files = ['onnx/model.onnx', 'config.json', 'tokenizer.json', 'tokenizer_config.json'];
  const drop = page.getByTestId('file-input');
  await drop.setInputFiles(files.map((name) => join(model, name)));
  const buffer = Buffer.from('i love this film\nit was bad\n');
  await drop.setInputFiles({ name: 'lines.txt', mimeType: 'text/plain', buffer });
  await page.getByTestId('post-own').click();
  await expect(page.getByTestId('quote')).toContainText('2 items', { timeout: ANSWER_MS_MAX });
  await page.getByTestId('start-job').click();
  await expect(page.getByTestId('state')).toHaveAttribute('data-state', 'done', {
    timeout: ANSWER_MS_MAX,
  });
  await expectTable(page, 2);
  await context.close();
});

test('vectors of typed texts come with the receipt of their own units', async ({ browser }) => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await addModel(page, await writeModel('feature-extraction'), 'test/vectors');
  await page.getByRole('link', { name: 'Playground' }).click();
  await page.getByTestId('playground-model').selectOption('test/vectors');
  await page.getByTestId('playground-texts').fill('the cat sat\na dog sat');
  for (const unit of [0, 2]) {
    await page.getByTestId('run').click();
    await expect(page.getByTestId('answers')).toBeHidden();
    await expect(page.getByTestId('answers')).toContainText('Closeness to the first text', {
      timeout: ANSWER_MS_MAX,
    });
    await expect(page.getByTestId('answer-receipt')).toContainText(`Units ${unit} to ${unit + 1}`);
  }
  await context.close();
});

/** Adds a model by the page of models. */
async function addModel(page: Page, folder: string, name: string): Promise<void> {
  await page.goto(`${grid.url}/dashboard/models#key=${grid.key}`);
  await page.getByTestId('model-folder').setInputFiles(folder);
  await expect(page.getByTestId('model-sent')).toContainText('onnx/model.onnx');
  await page.getByLabel('Name').fill(name);
  await page.getByTestId('add-model').click();
  await expect(page.getByTestId('models')).toContainText(name);
}

/** So many items in a table that is searched. */
async function expectTable(page: Page, items: number): Promise<void> {
  const rows = page.getByTestId('result-row');
  await expect(rows).toHaveCount(items, { timeout: ANSWER_MS_MAX });
  await expect(rows.first()).toContainText(/POSITIVE|NEUTRAL|NEGATIVE/);
  await page.getByTestId('result-search').fill('no such label');
  await expect(rows).toHaveCount(0);
}

/** Writes a small model of a task, as it is published; gives its folder. */
async function writeModel(task: string): Promise<string> {
  const folder = join(grid.folder, task);
  const words = ['scripts/tasks/main.ts', '--task', task, '--out', folder];
  const program = openProgram(`a model of ${task}`, words);
  await program.line(/model\.onnx: \d+ bytes/);
  await program.stop();
  return folder;
}
