import { expect, test } from '@playwright/test';
import { blockWebrtc, contribute } from './browser.ts';
import { makeRows, postDigits } from './digits.ts';
import { openGrid } from './grid.ts';
import { openProgram, type Program } from './program.ts';

const LINE = ['--down', '700', '--up', '350', '--rtt', '400'];
const CUT_MS = 4_000;
/** Parts of the runtime that are on their way at a time, and asked for again after a cut. */
const AT_ONCE = 2;

test('a phone on a line of 700 kbit/s that is cut for 4 s contributes', async ({ browser }) => {
  const grid = await openGrid();
  const lines: Program[] = [];
  const openLine = async (port: string): Promise<string> => {
    const to = new URL(grid.url).port;
    const words = ['bench/first-shard/slow-line-main.ts', '--to', to, '--port', port, ...LINE];
    const line = openProgram('slow line', words);
    lines.push(line);
    const ready = JSON.parse(await line.line(/"ready":true/)) as { port: number };
    return String(ready.port);
  };
  try {
    const port = await openLine('0');
    await postDigits(grid, await makeRows(4_000), 4);
    const context = await browser.newContext();
    await blockWebrtc(context);
    const parts: string[] = [];
    context.on('response', (response) => {
      if (response.url().endsWith('.bin')) parts.push(response.url());
    });
    const page = await contribute(context, `http://127.0.0.1:${port}`, '?webrtc=off');
    const runtime = page.getByTestId('runtime').getByRole('progressbar');
    const share = async () => Number(await runtime.getAttribute('aria-valuenow'));
    await expect.poll(share, { timeout: 90_000 }).toBeGreaterThan(40);
    await lines[0]?.kill();
    await page.waitForTimeout(CUT_MS);
    await openLine(port);
    await expect.poll(share).toBeGreaterThan(40);
    const accepted = page.getByTestId('accepted');
    await expect(accepted).not.toHaveText('0', { timeout: 120_000 });
    await expect(page.getByText('cannot be computed')).toHaveCount(0);
    const again = parts.length - new Set(parts).size;
    expect(new Set(parts).size).toBeGreaterThan(AT_ONCE);
    expect(again).toBeLessThanOrEqual(AT_ONCE);
    await context.close();
  } finally {
    for (const line of lines) await line.stop();
    await grid.close();
  }
});
