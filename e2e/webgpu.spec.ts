import { chromium, expect, type Page, test } from '@playwright/test';
import { contribute } from './browser.ts';
import { makeRows, postDigits } from './digits.ts';
import { type Grid, openGrid } from './grid.ts';
import type { JobFacts, VerdictFacts } from './hub-api.ts';

const [ITEMS, UNIT_ITEMS, UNITS] = [96, 16, 6];
const PROOF_BYTES_MAX = 256;
const NO_WEBGPU = ['--no-sandbox', '--disable-blink-features=WebGPU', '--disable-features=WebGPU'];
let grid: Grid;
test.beforeEach(async () => {
  // Every unit is drawn, so that the few that a software adapter can do are all judged.
  grid = await openGrid({ verifier: ['--checks', 'flat:1'] });
});
test.afterEach(() => grid?.close());

// The adapter is the machine's: its lane must end right, or be refused with its reason.
test('a device on WebGPU is judged by tolerance, or its admission says why not', async ({
  context,
}, info) => {
  const options = { unitItems: UNIT_ITEMS, taps: true };
  const posted = await postDigits(grid, await makeRows(ITEMS), options);
  const page = await contribute(context, grid.url, '?provider=webgpu');
  const trials = page.getByTestId('trials');
  await expect(trials).toContainText('Graphics (WebGPU)', { timeout: 90_000 });
  const admitted = (await trials.getByText('chosen', { exact: true }).count()) > 0;
  const lane = admitted ? 'admitted, judged by tolerance' : 'refused by admission';
  info.annotations.push({ type: 'webgpu', description: lane });
  process.stdout.write(`webgpu: ${lane}\n`);
  if (admitted) await expectJudged(page, posted);
  else await expectRefused(page, posted);
});

test('a browser without WebGPU is told that it lacks it', async ({ launchOptions }) => {
  const browser = await chromium.launch({ ...launchOptions, args: NO_WEBGPU });
  try {
    const posted = await postDigits(grid, await makeRows(ITEMS), UNIT_ITEMS);
    const page = await contribute(await browser.newContext(), grid.url, '?provider=webgpu');
    await expectRefused(page, posted);
    await expect(page.getByTestId('trials')).toContainText('this browser', { ignoreCase: true });
  } finally {
    await browser.close();
  }
});

/** The one device did it all on WebGPU, and every unit is within the package's tolerance. */
async function expectJudged(page: Page, posted: JobFacts): Promise<void> {
  const job = await grid.api.finish(posted.id);
  expect(job).toMatchObject({ accepted: UNITS, checked: UNITS, mismatched: 0, requeued: 0 });
  await expect(page.getByTestId('provider')).toHaveAttribute('data-provider', 'webgpu');
  expect(await grid.api.devices()).toMatchObject([{ provider: 'webgpu', unitsAccepted: UNITS }]);
  const verdicts = await grid.api.verdicts(job.id);
  expect(verdicts).toHaveLength(UNITS);
  for (const verdict of verdicts) {
    expect(verdict).toMatchObject({ lane: 'tolerance', kind: 'match' });
    expect(verdict.l2).toBeLessThanOrEqual(1e-4);
    expect(verdict.max).toBeLessThanOrEqual(1e-2);
    expectInside(verdict);
  }
}

/** 256 bytes show that the GPU ran the model inside as well, within tolerance. */
function expectInside({ unit, fingerprint }: VerdictFacts): void {
  const { claimed = '', l2 = [] } = fingerprint ?? {};
  const proof = Buffer.from(claimed, 'base64');
  process.stdout.write(`webgpu: unit ${unit}: ${proof.length} bytes of proof, taps off by ${l2}\n`);
  expect(proof.length).toBeGreaterThan(0);
  expect(proof.length).toBeLessThanOrEqual(PROOF_BYTES_MAX);
  expect(l2).toHaveLength(4);
  expect(Math.max(...l2)).toBeLessThanOrEqual(2e-3);
}

/** It gets no work, and the page names the provider and how it came out. */
async function expectRefused(page: Page, posted: JobFacts): Promise<void> {
  await expect(page.getByTestId('reason')).toContainText(/cannot be computed.*webgpu/i, {
    timeout: 90_000,
  });
  await expect(page.getByTestId('phase')).toHaveAttribute('data-phase', /^(idle|refused)$/);
  expect(await grid.api.read(posted.id)).toMatchObject({ state: 'running', accepted: 0 });
}
