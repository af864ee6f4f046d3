import { expect, type Page, test } from '@playwright/test';
import { blockWebrtc, contribute, keepConnections, readChannelBytes } from './browser.ts';
import { makeRows, postDigits, readModel, runBare } from './digits.ts';
import { type Grid, openGrid } from './grid.ts';
import type { JobFacts } from './hub-api.ts';

let grid: Grid;
// Three devices leave the verifier next to nothing of two cores: where the first 75 units of
// each had to be judged first, one of them could see the job end before its second shard.
const checks = ['--checks', 'flat:0.05'];
test.beforeEach(async () => {
  grid = await openGrid({ hub: checks, verifier: checks });
});
test.afterEach(() => grid?.close());

test('two browsers and a Node contributor finish a job; one tab is closed mid-shard', async ({
  browser,
}) => {
  const [rows, unitItems] = [await makeRows(72_000), 4];
  const modelBytes = (await readModel()).length;
  grid.contribute('node');
  const contexts = await Promise.all([browser.newContext(), browser.newContext()]);
  await Promise.all(contexts.map(keepConnections));
  const pages = await Promise.all(contexts.map((context) => contribute(context, grid.url)));
  await expect.poll(async () => (await grid.api.devices()).length).toBe(3);
  const posted = await postDigits(grid, rows, unitItems);
  const [staying, leaving] = pages as [Page, Page];
  for (const page of pages) await expectAccepted(page, 1);

  // The model came over WebRTC, says each browser and says the hub.
  for (const page of pages) expect(await readChannelBytes(page)).toBeGreaterThan(modelBytes);
  expect((await grid.api.served()).webrtc).toBeGreaterThan(modelBytes);

  await expect(leaving.getByTestId('phase')).toHaveAttribute('data-phase', 'working');
  // One of them may be between two shards when the hub is asked.
  const seen = () => grid.api.read(posted.id);
  await expect.poll(seen).toMatchObject({ state: 'running', devices: 3 });
  await leaving.close();

  const job = await grid.api.finish(posted.id);
  expect(job).toMatchObject({ accepted: 18_000, units: 18_000, mismatched: 0, requeued: 0 });
  expect(job.checked).toBeGreaterThan(0);
  await expectAccepted(staying, 2);
  await expectOnce(job);
  await Promise.all(contexts.map((context) => context.close()));
  const bare = await runBare(grid, rows, unitItems);
  expect((await grid.api.results(job.id)).equals(bare)).toBe(true);
});

test('a page with WebRTC blocked gets every byte over HTTPS', async ({ browser }) => {
  const [rows, unitItems] = [await makeRows(3_001), 16];
  const modelBytes = (await readModel()).length;
  const context = await browser.newContext();
  await blockWebrtc(context);
  const fetched: string[] = [];
  context.on('response', (response) => {
    if (response.ok()) fetched.push(new URL(response.url()).pathname);
  });
  const page = await contribute(context, grid.url, '?webrtc=off');
  const posted = await postDigits(grid, rows, unitItems);
  const job = await grid.api.finish(posted.id);
  expect(job).toMatchObject({ accepted: 188, units: 188, mismatched: 0 });
  await expectAccepted(page, 188);
  const served = await grid.api.served();
  expect(served.webrtc).toBe(0);
  expect(served.https).toBeGreaterThan(modelBytes);
  // The verifier fetches over HTTPS in any case, so the browser's own requests are looked at.
  expect(fetched.filter((path) => /^\/v1\/blobs\/\w+$/.test(path))).not.toEqual([]);
  expect(await page.evaluate(() => typeof RTCPeerConnection)).toBe('undefined');
  await context.close();
  const bare = await runBare(grid, rows, unitItems);
  expect((await grid.api.results(job.id)).equals(bare)).toBe(true);
});

/** The accepted shards, of three devices, hold each unit once. */
async function expectOnce({ id, units }: JobFacts): Promise<void> {
  const shards = await grid.api.shards(id);
  expect(new Set(shards.map(({ device }) => device)).size).toBe(3);
  let next = 0;
  for (const { firstUnit, unitCount } of shards) {
    expect(firstUnit).toBe(next);
    next += unitCount;
  }
  expect(next).toBe(units);
}

/** At least so many units of this browser are accepted, says its page. */
async function expectAccepted(page: Page, units: number): Promise<void> {
  const shown = async () =>
    Number((await page.getByTestId('accepted').textContent())?.replace(/\D/g, ''));
  await expect.poll(shown, { timeout: 60_000 }).toBeGreaterThanOrEqual(units);
}
