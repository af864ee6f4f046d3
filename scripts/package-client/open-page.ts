import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chromium } from 'playwright-core';
import { findChromium } from '../chromium.ts';

/** A page of somebody's own server, in Chromium. */
export interface ForeignPage {
  /** Runs a module's body there, which has the package as `client`; gives what it returns. */
  run(body: string): Promise<unknown>;
  close(): Promise<void>;
}

/**
 * Opens a page of another origin than the hub's. Its server has the module of the package, and passes
 * `/v1/` on to the hub, since a browser lets no page read what another origin answers.
 */
export async function openForeignPage(module: Uint8Array, hub: string): Promise<ForeignPage> {
  const server = createServer((asked, answer) => {
    const { url = '/', method, headers } = asked;
    if (!url.startsWith('/v1/')) {
      const isModule = url === '/client.js';
      answer.setHeader('Content-Type', isModule ? 'text/javascript' : 'text/html');
      answer.end(isModule ? module : '<!doctype html><title>A page</title>');
      return;
    }
    const { origin: _, host: __, ...passed } = headers;
    const onward = request(new URL(url, hub), { method, headers: passed }, (found) => {
      answer.writeHead(found.statusCode ?? 502, found.headers);
      found.pipe(answer);
    });
    onward.on('error', () => answer.destroy());
    asked.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const browser = await chromium.launch({
    executablePath: await findChromium(),
    args: ['--no-sandbox'],
  });
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  return {
    run: (body) =>
      page.evaluate(`(async () => { const client = await import('/client.js'); ${body} })()`),
    async close() {
      await browser.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
