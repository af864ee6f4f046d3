import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BrowserContext, expect, test } from '@playwright/test';
import { contribute } from './browser.ts';
import { makeRows, postDigits } from './digits.ts';
import { type Grid, openGrid } from './grid.ts';
import { openProgram } from './program.ts';

let grid: Grid;
test.beforeEach(async () => {
  grid = await openGrid();
});
test.afterEach(() => grid?.close());

test('a banned phone saves the evidence, anyone replays it, and a pardon lets it work again', async ({
  browser,
}) => {
  const context = await browser.newContext();
  await falsify(context);
  const liar = await contribute(context, grid.url);
  const posted = await postDigits(grid, await makeRows(640), 8);
  await expect(liar.getByTestId('ban')).toBeVisible({ timeout: 60_000 });

  const [download] = await Promise.all([
    liar.waitForEvent('download'),
    liar.getByTestId('save-evidence').click(),
  ]);
  const file = join(grid.folder, 'evidence.json');
  await download.saveAs(file);
  await expect(liar.getByTestId('evidence-outcome')).toContainText('Saved');
  const { device, unit } = await readEvidence(file);

  const checked = openProgram('verify-receipt', ['cli/main.ts', 'verify', file]);
  await checked.line(/^receipt 1: ok: .* 1 mismatch/);

  // By now another device has computed the unit: the file is replayed against what the liar gave.
  grid.contribute('honest');
  await grid.api.finish(posted.id);
  const page = await context.newPage();
  await page.goto(new URL(`/dashboard/${posted.id}#key=${grid.key}`, grid.url).href);
  await page.getByTestId('receipt-file').setInputFiles(file);
  const report = page.getByTestId('receipt-report');
  await expect(report).toContainText('every signature and digest holds');
  await report.getByTestId('replay-unit').fill(String(unit));
  await report.getByTestId('replay-button').click();
  await expect(report.getByTestId('replay-title')).toHaveText('Different bytes', {
    timeout: 60_000,
  });

  await pardon(device);
  await liar.getByRole('button', { name: 'Start', exact: true }).click();
  await expect(liar.getByTestId('phase')).toHaveAttribute('data-phase', 'idle');
  await expect(liar.getByTestId('ban')).toHaveCount(0);
  await context.close();
});

/** `npm run pardon`, with the API key where an operator keeps it. */
async function pardon(device: string): Promise<void> {
  await mkdir(join(grid.folder, 'keys'));
  await writeFile(join(grid.folder, 'keys', 'operator.key'), `${grid.key}\n`);
  const where = ['--hub', grid.url, '--data', grid.folder];
  const words = ['scripts/pardon.ts', device, '--reason', 'a bad driver', ...where];
  await openProgram('pardon', words).line(/^Ban 1 is pardoned/);
}

/** Whom the verdicts of a saved file are about, and the unit that was found wrong. */
async function readEvidence(file: string): Promise<{ device: string; unit: number }> {
  const { receipts } = JSON.parse(await readFile(file, 'utf8')) as {
    receipts: { verdicts: { verdict: { kind: string; device: string; unit: number } }[] }[];
  };
  const found = receipts[0]?.verdicts.find(({ verdict }) => verdict.kind === 'mismatch');
  if (found === undefined) throw new Error('the file holds no mismatch');
  return found.verdict;
}

/**
 * Pages of this context lie: their contributor gets the first unit of each shard with one byte
 * inverted, and its digest to match. Runs of one unit, as in admission, stay honest.
 */
async function falsify(context: BrowserContext): Promise<void> {
  const lies = `
    const Honest = self.Worker;
    self.Worker = class extends Honest {
      set onmessage(handler) {
        super.onmessage = async (event) => {
          const { type, bytes, digests } = event.data;
          const units = type === 'ran' ? digests.length / 32 : 0;
          if (units > 1) {
            bytes[0] ^= 255;
            const first = bytes.slice(0, bytes.length / units);
            digests.set(new Uint8Array(await crypto.subtle.digest('SHA-256', first)));
          }
          handler(event);
        };
      }
    };`;
  await context.addInitScript((prelude) => {
    const Honest = globalThis.Worker;
    globalThis.Worker = class extends Honest {
      constructor(url: URL | string, options: WorkerOptions = {}) {
        const text = `import ${JSON.stringify(String(url))};${prelude}`;
        const program = new Blob([text], { type: 'text/javascript' });
        super(options.name === 'contributor' ? URL.createObjectURL(program) : url, options);
      }
    };
  }, lies);
}
