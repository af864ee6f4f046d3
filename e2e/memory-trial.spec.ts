import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, type Page, test } from '@playwright/test';
import { contribute } from './browser.ts';
import { type Grid, openGrid } from './grid.ts';
import { runProgram } from './program.ts';

/** Weights of 124 MiB come over WebRTC, are loaded and tried on a busy machine. */
const DONE_MS = 150_000;
const ITEMS = 16;

let grid: Grid;
test.beforeEach(async () => {
  grid = await openGrid({ verifier: ['--checks', 'flat:0.01'] });
});
test.afterEach(() => grid?.close());

test('a browser that passes a trial of its memory gets a model that needs more than any has', async ({
  context,
}) => {
  const { folder } = grid;
  const words = ['scripts/models/main.ts', '--only', 'wide', '--items', `${ITEMS}`];
  await runProgram('models', [...words, '--out', folder], /safetensors/);
  await grid.api.post({
    model: await readFile(join(folder, 'wide.onnx')),
    inputs: await readFile(join(folder, 'wide.safetensors')),
    options: { name: 'Wide', unitItems: 4, assurance: 'instant' },
  });
  const page = await contribute(context, grid.url, '?provider=wasm');
  await expect(page.getByTestId('accepted')).toHaveText(`${ITEMS / 4}`, { timeout: DONE_MS });
  expect(await readProven(page)).toBeGreaterThan(2 * 124 * 2 ** 20);
});

/** Bytes that this browser's device has proven, from where the page keeps them. */
const readProven = (page: Page): Promise<number> =>
  page.evaluate(async () => {
    const database = await new Promise<IDBDatabase>((resolve, reject) => {
      const opening = indexedDB.open('pocketgrid-device');
      opening.onsuccess = () => resolve(opening.result);
      opening.onerror = () => reject(opening.error);
    });
    const asked = database.transaction('device').objectStore('device').get('memory');
    await new Promise((resolve) => {
      asked.onsuccess = resolve;
    });
    database.close();
    return (asked.result as { heap?: { proven?: number } }).heap?.proven ?? 0;
  });
