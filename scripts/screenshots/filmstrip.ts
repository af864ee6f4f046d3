import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import sharp from 'sharp';
import { COLOURS, SCHEMES, SETTLE_MS, WINDOWS } from './views.ts';

/** A long phone's screen: the bar of the download is in it. */
const VIEWPORT = { width: 390, height: 960 };
const FRAME = { width: 208, height: 512 };
const GAP_PX = 8;
const STEP_MS_MAX = 120_000;
/** Parts of the runtime. All but the first are held back until the picture of their bar is taken. */
const RUNTIME = /\/assets\/ort-wasm-.*\.bin$/;
/** After the first accepted shard, so that there are figures to see. */
const FIGURES_MS = 4_000;

type Frames = Record<(typeof SCHEMES)[number], Buffer[]>;

/**
 * The first minute of a visitor's phone as five pictures in a row: before the tap, the runtime on its
 * way, the first units, more of them once these are checked, and after Stop. Writes `first-minute-SCHEME.png` into
 * `folder`; gives what it wrote in bytes.
 */
export async function shootFilmstrip(
  browser: Browser,
  base: string,
  folder: string,
): Promise<number> {
  const context = await browser.newContext({
    ...WINDOWS.phone,
    viewport: VIEWPORT,
    ...{ baseURL: base, ignoreHTTPSErrors: true, serviceWorkers: 'block' },
  });
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(STEP_MS_MAX);
    return await writeStrips(await shootFrames(page), folder);
  } finally {
    await context.close();
  }
}

async function shootFrames(page: Page): Promise<Frames> {
  const frames: Frames = { light: [], dark: [] };
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  let asked = 0;
  await page.context().route(RUNTIME, async (route) => {
    asked += 1;
    if (asked > 1) await released;
    await route.continue();
  });
  await page.goto('/?webrtc=off&provider=wasm');
  await shoot(page, frames);
  await page.getByTestId('start').click();
  await page.getByTestId('runtime').waitFor();
  await shoot(page, frames);
  release();
  await page.locator('[data-testid=phase][data-phase=working]').waitFor();
  await shoot(page, frames);
  await page.getByTestId('accepted').filter({ hasText: /[1-9]/ }).waitFor();
  await page.waitForTimeout(FIGURES_MS);
  await shoot(page, frames);
  await page.getByTestId('stop').click();
  await page.getByTestId('start').waitFor();
  await shoot(page, frames);
  return frames;
}

async function shoot(page: Page, frames: Frames): Promise<void> {
  for (const colorScheme of SCHEMES) {
    await page.emulateMedia({ colorScheme });
    await page.waitForTimeout(SETTLE_MS);
    frames[colorScheme].push(await page.screenshot({ animations: 'disabled' }));
  }
}

async function writeStrips(frames: Frames, folder: string): Promise<number> {
  await mkdir(folder, { recursive: true });
  let written = 0;
  for (const scheme of SCHEMES) {
    const small = await Promise.all(
      frames[scheme].map((frame) => sharp(frame).resize(FRAME.width, FRAME.height).toBuffer()),
    );
    const step = FRAME.width + GAP_PX;
    const width = small.length * step - GAP_PX;
    const background = { r: 0, g: 0, b: 0, alpha: 0 };
    const strip = sharp({ create: { width, height: FRAME.height, channels: 4, background } });
    const png = await strip
      .composite(small.map((input, place) => ({ input, left: place * step, top: 0 })))
      .png({ palette: true, colours: COLOURS, effort: 10 })
      .toBuffer();
    await writeFile(join(folder, `first-minute-${scheme}.png`), png);
    written += png.length;
  }
  return written;
}
