import { type BrowserContext, chromium } from 'playwright-core';
import type { BenchContext } from './figure.ts';

/** A headless Chromium with a profile of its own, closed when the bench is over. */
export async function openBrowser({
  chromium: path,
  defer,
}: BenchContext): Promise<BrowserContext> {
  const browser = await chromium.launch({
    executablePath: path,
    // No sandbox, because a container's root has none; software WebGPU where there is no other.
    args: ['--no-sandbox', '--enable-unsafe-webgpu'],
  });
  defer(() => browser.close());
  return browser.newContext();
}
