import { type BrowserContext, expect, type Page } from '@playwright/test';

/** A new worker's first shards on a busy machine. */
const MORE_MS = 60_000;

/** A browser that contributes: its own storage, and with it its own device key. */
export async function contribute(context: BrowserContext, url: string, query = ''): Promise<Page> {
  const page = await context.newPage();
  await page.goto(new URL(`/${query}`, url).href);
  await page.getByRole('button', { name: 'Start', exact: true }).click();
  return page;
}

/** Keeps every RTCPeerConnection of pages opened from now on, for `readChannelBytes`. */
export async function keepConnections(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    const kept: RTCPeerConnection[] = [];
    Object.assign(globalThis, { keptConnections: kept });
    globalThis.RTCPeerConnection = class extends RTCPeerConnection {
      constructor(configuration?: RTCConfiguration) {
        super(configuration);
        kept.push(this);
      }
    };
  });
}

/** A browser that has no WebRTC at all, as some companies' policies make it. */
export async function blockWebrtc(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    for (const name of ['RTCPeerConnection', 'webkitRTCPeerConnection', 'RTCDataChannel']) {
      Reflect.deleteProperty(globalThis, name);
    }
  });
}

/** Payload bytes that came on data channels, by `getStats` of every connection of a page. */
export function readChannelBytes(page: Page): Promise<number> {
  return page.evaluate(async () => {
    const { keptConnections } = globalThis as unknown as { keptConnections: RTCPeerConnection[] };
    let received = 0;
    for (const connection of keptConnections) {
      for (const report of (await connection.getStats()).values()) {
        if (report.type === 'data-channel') received += Number(report.bytesReceived);
      }
    }
    return received;
  });
}

/** Units are accepted from now on: the count moves twice. */
export async function expectMore(page: Page): Promise<void> {
  const accepted = page.getByTestId('accepted');
  for (let time = 0; time < 2; time += 1) {
    const before = (await accepted.textContent()) ?? '';
    await expect(accepted).not.toHaveText(before, { timeout: MORE_MS });
  }
}

/** Another app comes to the front, or goes: no browser without a window is ever hidden. */
export const show = (page: Page, isVisible: boolean): Promise<void> =>
  page.evaluate(
    (state) => {
      Object.defineProperty(document, 'visibilityState', { value: state, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    },
    isVisible ? 'visible' : 'hidden',
  );
