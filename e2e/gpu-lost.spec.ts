import { expect, type Page, test } from '@playwright/test';
import { contribute } from './browser.ts';
import { makeRows, postDigits } from './digits.ts';
import { type Front, openFront } from './front.ts';
import { type Grid, openGrid } from './grid.ts';
import { preludeWorkers } from './worker-prelude.ts';

const [ITEMS, UNIT_ITEMS, UNITS] = [16_000, 4, 4_000];
const GPU_MS_MAX = 90_000;
let grid: Grid;
let front: Front;
test.beforeEach(async () => {
  grid = await openGrid();
  front = await openFront(grid.url);
});
test.afterEach(async () => {
  await front?.close();
  await grid?.close();
});

/**
 * A device whose graphics are faster than its processor, as phones have them; this machine's are
 * software. The processor's clock runs fast and the adapter does not say what it is, until the
 * server says that the graphics are lost: each device of theirs is destroyed then.
 */
function fakeFastGraphics(): void {
  const isLost = () => {
    const asked = new XMLHttpRequest();
    asked.open('GET', '/fake-graphics', false);
    asked.send();
    return asked.responseText === 'lost';
  };
  if (self.name === 'compute-wasm' && !isLost()) {
    const now = performance.now.bind(performance);
    performance.now = () => now() * 1_000;
  }
  const { GPUAdapter, GPUAdapterInfo } = globalThis as unknown as FakedGraphics;
  Object.defineProperty(GPUAdapterInfo.prototype, 'isFallbackAdapter', { get: () => false });
  const devices: { destroy(): void }[] = [];
  const { requestDevice } = GPUAdapter.prototype;
  GPUAdapter.prototype.requestDevice = async function (...words) {
    const device = await requestDevice.apply(this, words);
    if (isLost()) device.destroy();
    devices.push(device);
    return device;
  };
  new BroadcastChannel('graphics').onmessage = () => {
    for (const device of devices) device.destroy();
  };
}
interface FakedGraphics {
  GPUAdapterInfo: { prototype: object };
  GPUAdapter: { prototype: { requestDevice(...words: unknown[]): Promise<{ destroy(): void }> } };
}

const loseDevices = (page: Page) =>
  page.evaluate(() => new BroadcastChannel('graphics').postMessage('lost'));

/** Contributes on WebGPU until it computes a shard there. */
async function computeOnGraphics(open: () => Promise<Page>): Promise<Page> {
  const page = await open();
  const provider = page.getByTestId('provider');
  await expect(provider).toHaveAttribute('data-provider', 'webgpu', { timeout: GPU_MS_MAX });
  await expect(page.getByTestId('accepted')).not.toHaveText('0');
  await expect(page.getByTestId('reason')).toContainText('on WebGPU');
  return page;
}

test('a device that loses its graphics for good says so, and its processor finishes the job', async ({
  context,
}) => {
  let graphics = 'there';
  front.change('/fake-graphics', () => graphics);
  preludeWorkers(front, fakeFastGraphics);
  const posted = await postDigits(grid, await makeRows(ITEMS), UNIT_ITEMS);
  const page = await computeOnGraphics(() => contribute(context, front.url));
  graphics = 'lost';
  await loseDevices(page);
  const trials = page.getByTestId('trials');
  await expect(trials).toContainText('WebGPU stopped working twice in the middle of work');
  await expect(page.getByTestId('provider')).toHaveAttribute('data-provider', 'wasm');
  // The unit in hand too: there is no other device.
  const job = await grid.api.finish(posted.id);
  expect(job).toMatchObject({ accepted: UNITS, mismatched: 0 });
  expect(await grid.api.devices()).toMatchObject([{ provider: 'wasm', unitsAccepted: UNITS }]);
});

test('a device whose graphics process is killed takes its graphics anew', async ({
  launchOptions,
  playwright,
}) => {
  const browser = await playwright.chromium.launch(launchOptions);
  try {
    await postDigits(grid, await makeRows(ITEMS), UNIT_ITEMS);
    const context = await browser.newContext();
    const page = await computeOnGraphics(() => contribute(context, grid.url, '?provider=webgpu'));
    const told = (await page.getByTestId('accepted').textContent()) ?? '';
    const session = await browser.newBrowserCDPSession();
    await session.send('Browser.crashGpuProcess');
    await expect(page.getByTestId('accepted')).not.toHaveText(told, { timeout: GPU_MS_MAX });
    await expect(page.getByTestId('provider')).toHaveAttribute('data-provider', 'webgpu');
  } finally {
    await browser.close();
  }
});
