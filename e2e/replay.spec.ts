import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, type Locator, type Page, test } from '@playwright/test';
import { makeRows, postDigits } from './digits.ts';
import { type Grid, openGrid } from './grid.ts';

let grid: Grid;
test.beforeAll(async () => {
  grid = await openGrid();
  grid.contribute('honest');
});
test.afterAll(() => grid?.close());

test('Replay confirms an honest unit and exposes a tampered receipt', async ({ page }) => {
  const posted = await postDigits(grid, await makeRows(1_000), 16);
  const job = await grid.api.finish(posted.id);
  const runtime = watchRuntime(page);
  await page.goto(new URL(`/dashboard/${job.id}#key=${grid.key}`, grid.url).href);

  const row = page.getByTestId('receipts').getByTestId('receipt').first();
  await row.getByTestId('replay-unit').fill('1');
  expect(runtime()).toEqual([]);
  await row.getByTestId('replay-button').click();
  await expectEnd(row, 'Same bytes');
  expect(runtime()).not.toEqual([]);
  const held = await readReceipts(job.id);
  const [first] = held.receipts;
  const digests = Buffer.from(first?.shard.digests ?? '', 'base64');
  const digest = digests.subarray(32, 64).toString('hex');
  await expect(row.getByTestId('replay-digest')).toHaveText([digest]);

  // One bit of the digest of unit 1: the commitment does not open, and the bytes say so too.
  digests[32] = (digests[32] ?? 0) ^ 1;
  const altered = structuredClone(first);
  if (altered !== undefined) altered.shard.digests = digests.toString('base64');
  await loadFile(page, 'altered.json', altered);
  const report = page.getByTestId('receipt-report');
  await expect(report).toContainText('1 altered');
  await expect(report.getByTestId('receipt-faults')).toContainText('do not open the commitment');
  await report.getByTestId('replay-unit').fill('1');
  await report.getByTestId('replay-button').click();
  await expectEnd(report, 'This receipt was altered');
  // What the receipt claims, what this tab computed, what the hub holds.
  const claimed = digests.subarray(32, 64).toString('hex');
  await expect(report.getByTestId('replay-digest')).toHaveText([claimed, digest, digest]);
  await expect(report.getByTestId('replay-faults')).toContainText('do not open the commitment');

  await loadFile(page, 'honest.json', held);
  await expect(report).toContainText('every signature and digest holds');
});

test('a receipt that names other inputs is refused before anything runs', async ({ page }) => {
  const posted = await postDigits(grid, await makeRows(320), 16);
  const job = await grid.api.finish(posted.id);
  const runtime = watchRuntime(page);
  await page.goto(new URL(`/dashboard/${job.id}#key=${grid.key}`, grid.url).href);
  await expect(page.getByTestId('receipts').getByTestId('receipt').first()).toBeVisible();
  const [first] = (await readReceipts(job.id)).receipts;
  const inputs = Buffer.from(first?.inputs.digests ?? '', 'base64');
  inputs[0] = (inputs[0] ?? 0) ^ 1;
  const altered = structuredClone(first);
  if (altered !== undefined) altered.inputs.digests = inputs.toString('base64');
  await loadFile(page, 'inputs.json', altered);
  const report = page.getByTestId('receipt-report');
  await report.getByTestId('replay-unit').fill('0');
  await report.getByTestId('replay-button').click();
  await expectEnd(report, 'Not replayed');
  await expect(report.getByTestId('replay-reason')).toContainText('not those of the receipt');
  expect(runtime()).toEqual([]);

  await loadFile(page, 'cut.json', '{"receipts": [');
  await expect(page.getByTestId('refusal')).toHaveAttribute('data-code', 'message-malformed');
});

interface ReceiptFacts {
  shard: { digests: string };
  inputs: { digests: string };
}

async function readReceipts(job: string): Promise<{ receipts: ReceiptFacts[] }> {
  const headers = { authorization: `Bearer ${grid.key}` };
  const answer = await fetch(new URL(`/v1/jobs/${job}/receipts`, grid.url), { headers });
  return (await answer.json()) as { receipts: ReceiptFacts[] };
}

async function loadFile(page: Page, name: string, content: unknown): Promise<void> {
  const path = join(grid.folder, name);
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  await page.getByTestId('receipt-file').setInputFiles(path);
}

async function expectEnd(row: Locator, title: string): Promise<void> {
  await expect(row.getByTestId('replay')).toHaveAttribute('data-state', /done|failed/, {
    timeout: 60_000,
  });
  await expect(row.getByTestId('replay-title')).toHaveText(title);
}

/** Requests for the runtime's wasm so far: it may load only when it is used. */
function watchRuntime(page: Page): () => string[] {
  const seen: string[] = [];
  page.context().on('request', (request) => {
    const { pathname } = new URL(request.url());
    if (/\.bin$/.test(pathname)) seen.push(pathname);
  });
  return () => [...seen];
}
