import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type BrowserContext, expect, type Page, test } from '@playwright/test';
import { expectAccessible } from './accessible.ts';
import { contribute } from './browser.ts';
import { type Grid, openGrid } from './grid.ts';
import { addVectorModel } from './model.ts';

const MODEL = 'made/vectors';
const ANSWER_MS_MAX = 120_000;
let grid: Grid;
let worker: BrowserContext;
let receiver: Server;
/** The open job of a first request: it runs on while these tests look. */
let job: string;
test.beforeAll(async ({ browser }) => {
  test.setTimeout(ANSWER_MS_MAX * 2);
  grid = await openGrid({ hub: ['--private-webhooks'] });
  await addVectorModel(grid, { name: MODEL, hidden: 32 });
  worker = await browser.newContext();
  await contribute(worker, grid.url);
  receiver = createServer((_, answer) => answer.writeHead(204).end()).listen(0, '127.0.0.1');
  job = await embed('the cat sat', 'a dog sat');
});
test.afterAll(async () => {
  receiver?.close();
  await worker?.close();
  await grid?.close();
});

/** Asks for vectors of texts, and gives the open job that they are items of. */
async function embed(...input: string[]): Promise<string> {
  const headers = {
    authorization: `Bearer ${grid.key}`,
    'content-type': 'application/json',
    prefer: 'wait=110',
  };
  const body = JSON.stringify({ model: MODEL, input });
  const answer = await fetch(`${grid.url}/v1/embeddings`, { method: 'POST', headers, body });
  expect(answer.status).toBe(200);
  return answer.headers.get('x-pocketgrid-job') ?? '';
}

/** Has texts quoted as a job that is not to run. */
async function quoteTexts(texts: string): Promise<void> {
  const form = new FormData();
  const task = { name: 'feature-extraction' };
  form.set('options', JSON.stringify({ name: 'texts', model: MODEL, task, dryRun: true }));
  form.set('inputs', new Blob([texts]), 'texts.txt');
  const headers = { authorization: `Bearer ${grid.key}` };
  const answer = await fetch(`${grid.url}/v1/jobs`, { method: 'POST', headers, body: form });
  expect(answer.status).toBe(201);
  const { id } = (await answer.json()) as { id: string };
  await expect.poll(async () => (await grid.api.read(id)).state).toBe('cancelled');
}

const open = (page: Page, path: string) => page.goto(`${grid.url}${path}#key=${grid.key}`);

test('the page of models says how fast devices are and what checks found, and compares quotes', async ({
  page,
}) => {
  await open(page, '/dashboard/models');
  const speed = page.getByTestId('class-speed');
  await expect(speed).toHaveCount(1, { timeout: ANSWER_MS_MAX });
  await expect(speed).toContainText(/(Processor|Graphics) \(\w+\).*1\d/);
  const row = page.getByTestId('speed-row');
  await expect(row).toHaveCount(1);
  await expect(row).toContainText(/(Processor|Graphics) \(\w+\).*1 device.*\d/);
  await expect(page.getByTestId('model-trust')).toContainText(/\d+ units computed/);
  await page.getByText('Compare quotes').click();
  await page.getByLabel('Longest, in tokens').fill('1000000000');
  await page.getByTestId('compare-quotes').click();
  await expect(page.getByTestId('refusal')).toBeVisible();
  await page.getByLabel('Longest, in tokens').fill('3');
  await page.getByTestId('compare-quotes').click();
  const choice = page.getByTestId('quote-choice');
  await expect(choice).toContainText('with these options was prepared yet');
  await quoteTexts('the cat sat\na dog sat');
  await page.getByTestId('compare-quotes').click();
  await expect(choice).toContainText('Results at once');
  await expect(choice).toContainText(/Time.*about \d/);
  await page.getByTestId('assurance-slider').fill('2');
  await expect(choice).toContainText('when every unit is checked');
  await expect(choice).toContainText(/Units checked\s*100%/);
  await expectAccessible(page);
});

test('a webhook is added, its secret shown once, tested, and removed', async ({ page }) => {
  const { port } = receiver.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/events`;
  await open(page, '/dashboard/webhooks');
  await page.getByTestId('add-webhook').click();
  await expect(page.getByTestId('refusal')).toContainText('https');
  await page.getByLabel('Address').fill(url);
  await page.getByTestId('add-webhook').click();
  await expect(page.getByTestId('webhook-secret')).toContainText('whsec_');
  await page.getByRole('button', { name: 'Send a test' }).click();
  const delivery = page.getByTestId('delivery');
  await expect(delivery).toHaveAttribute('data-state', 'delivered');
  await delivery.getByText('webhook.test').first().click();
  await expect(delivery).toContainText('status 204');
  await expectAccessible(page);
  await page.reload();
  await expect(page.getByTestId('webhook')).toContainText(url);
  await expect(page.getByTestId('webhook-secret')).toBeHidden();
  await page.getByRole('button', { name: `Remove ${url}` }).click();
  await page.getByRole('button', { name: 'Really remove it' }).click();
  await expect(page.getByText('None yet.')).toBeVisible();
});

test('a webhook whose address does not answer has its attempt in the log', async ({ page }) => {
  await open(page, '/dashboard/webhooks');
  await page.getByLabel('Address').fill('http://127.0.0.1:9/nobody');
  await page.getByTestId('add-webhook').click();
  await page.getByRole('button', { name: 'Send a test' }).click();
  const delivery = page.getByTestId('delivery');
  await expect(delivery).toHaveAttribute('data-state', 'failed');
  await expect(delivery).toContainText('1 attempt');
});

test('keys say what they spent', async ({ page }) => {
  await open(page, '/dashboard/keys');
  await page.getByLabel('Name').fill('another');
  await page.getByLabel('Budget in items').fill('10');
  await page.getByTestId('make-key').click();
  await page.getByRole('button', { name: 'What another spent' }).click();
  await expect(page.getByTestId('keys').getByTestId('spend')).toContainText('0 of 10');
  await expectAccessible(page);
});

test('the lists and forms of developers can be used by everybody', async ({ page }) => {
  await open(page, '/dashboard');
  await expect(page.getByTestId('jobs')).toContainText('embeddings of');
  await page.getByText('Options').click();
  await expectAccessible(page);
  await open(page, '/dashboard/playground');
  await expect(page.getByTestId('run')).toBeVisible();
  await expectAccessible(page);
});

test('an open job shows its results before its end, and new ones as they come', async ({
  page,
}) => {
  await open(page, `/dashboard/${job}`);
  await expect(page.getByTestId('receipts')).toBeVisible();
  await expectAccessible(page);
  const rows = page.getByTestId('result-row');
  await expect(page.getByTestId('state')).toHaveAttribute('data-state', 'running');
  await expect(rows).toHaveCount(2);
  const before = await rows.allInnerTexts();
  expect(await embed('a third')).toBe(job);
  await expect(rows).toHaveCount(3);
  expect((await rows.allInnerTexts()).slice(0, 2)).toEqual(before);
});
