import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import sharp from 'sharp';

export type ViewName = 'phone' | 'desktop';

/** One window of a certain size onto the app. */
export interface View {
  name: ViewName;
  page: Page;
  context: BrowserContext;
}

export const SCHEMES = ['light', 'dark'] as const;
/** Of a picture's palette. */
export const COLOURS = 128;
/** Transitions of colour and the chart's next drawing end within it. */
export const SETTLE_MS = 700;

/** A phone's screen and a desk's. */
export const WINDOWS = {
  phone: {
    viewport: { width: 390, height: 844 },
    deviceScaleFactor: 2,
    isMobile: true,
    hasTouch: true,
  },
  desktop: { viewport: { width: 1280, height: 800 }, deviceScaleFactor: 1 },
};

/** A phone and a desktop, each a visitor of its own. */
export function openViews(browser: Browser, base: string): Promise<View[]> {
  const names: ViewName[] = ['phone', 'desktop'];
  return Promise.all(
    names.map(async (name) => {
      const options = { ...WINDOWS[name], baseURL: base, ignoreHTTPSErrors: true };
      const context = await browser.newContext(options);
      return { name, context, page: await context.newPage() };
    }),
  );
}

/**
 * Writes `SCENE-VIEW-SCHEME.png` for light and dark into `folder`; gives what it wrote in bytes.
 */
export async function takeScene(view: View, scene: string, folder: string): Promise<number> {
  let written = 0;
  for (const colorScheme of SCHEMES) {
    await view.page.emulateMedia({ colorScheme });
    await view.page.waitForTimeout(SETTLE_MS);
    const raw = await view.page.screenshot({ animations: 'disabled' });
    const png = await sharp(raw).png({ palette: true, colours: COLOURS, effort: 10 }).toBuffer();
    const path = join(folder, `${scene}-${view.name}-${colorScheme}.png`);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, png);
    written += png.length;
  }
  return written;
}
