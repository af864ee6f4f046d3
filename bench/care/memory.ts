import type { Page } from 'playwright-core';

/** Measures at once, where the browser would wait for its next collection of garbage. */
export const EAGER_MEMORY = '--enable-blink-features=ForceEagerMeasureMemory';

/** Bytes of a page and its workers once their garbage is collected. */
export async function readMemory(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  await session.detach();
  return page.evaluate(async () => {
    const { measureUserAgentSpecificMemory: measure } = performance as unknown as {
      measureUserAgentSpecificMemory(): Promise<{ bytes: number }>;
    };
    return (await measure.call(performance)).bytes;
  });
}
