import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTestFolder } from '#node/test-folder.ts';
import { openStaticFiles, type StaticFiles } from './static-files.ts';

const folder = openTestFolder();
let server: Server;
const script = 'export const answer = 42;\n'.repeat(500);
const runtime = Buffer.alloc(8 * 1024 * 1024, 7);

beforeAll(async () => {
  const app = join(folder, 'app');
  await mkdir(join(app, 'assets'), { recursive: true });
  await writeFile(join(folder, 'secret.txt'), 'outside');
  await writeFile(join(app, 'index.html'), '<!doctype html><title>Pocketgrid</title>');
  await writeFile(join(app, 'sw.js'), 'self.skipWaiting();');
  await writeFile(join(app, 'assets', 'main-1a2b.js'), script);
  await writeFile(join(app, 'assets', 'main-1a2b.js.br'), brotliCompressSync(script));
  await writeFile(join(app, 'assets', 'main-1a2b.js.gz'), gzipSync(script));
  await writeFile(join(app, 'assets', 'net.wasm'), runtime);
  await writeFile(join(app, 'assets', 'gone-3c4d.js'), script);
  await writeFile(join(app, 'digits.npy'), Buffer.from([147]));
  await writeFile(join(app, 'notes.txt'), 'ä');
  await writeFile(join(app, 'icon.png'), Buffer.from([137, 80]));
  server = await serve(openStaticFiles(app));
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function serve(files: StaticFiles): Promise<Server> {
  const opened = createServer((asked, response) =>
    files(asked, response, () => response.writeHead(404, { 'X-Url': asked.url }).end()),
  );
  return new Promise((resolve) => opened.listen(0, '127.0.0.1', () => resolve(opened)));
}

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** The path goes out as it is written here: `fetch` would tidy it first. */
function ask(path: string, { headers = {}, method = 'GET', at = server } = {}): Promise<Answer> {
  const { port } = at.address() as AddressInfo;
  return new Promise((resolve, reject) => {
    const call = request({ port, path, method, headers }, async (answer) => {
      const body = await buffer(answer).catch(reject);
      if (body) resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body });
    });
    call.on('error', reject);
    call.end();
  });
}

it('every page of the app is its one document, isolated, under a strict policy', async () => {
  for (const path of [
    '/',
    '/?job=1',
    '/dashboard',
    '/dashboard/playground',
    '/dashboard/keys',
    '/dashboard/models',
    '/dashboard/webhooks',
    '/verdicts',
    '/settlements',
    '/privacy',
    `/dashboard/job_${'a'.repeat(16)}`,
  ]) {
    const { body, headers } = await ask(path);
    expect(body.toString()).toContain('<title>Pocketgrid</title>');
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
      'cross-origin-resource-policy': 'same-origin',
      'content-security-policy': expect.stringContaining("script-src 'self' 'wasm-unsafe-eval';"),
    });
  }
});

it('pages may call a chain elsewhere, and nothing else', async () => {
  const policyOf = async (at: Server) =>
    (await ask('/', { at })).headers['content-security-policy'];
  const own = (at: Server) => {
    const { port } = at.address() as AddressInfo;
    return `connect-src 'self' ws://localhost:${port} wss://localhost:${port}`;
  };
  expect(await policyOf(server)).toContain(`${own(server)};`);
  const reaching = await serve(openStaticFiles(join(folder, 'app'), ['https://chain.example']));
  expect(await policyOf(reaching)).toContain(`${own(reaching)} https://chain.example;`);
  reaching.close();
});

it('browsers keep hashed assets, and check the rest', async () => {
  const caching = async (path: string) => (await ask(path)).headers['cache-control'];
  expect(await caching('/assets/main-1a2b.js')).toBe('public, max-age=31536000, immutable');
  expect(await caching('/sw.js')).toBe('no-cache');
});

it('a browser gets the form that it takes, each with a tag of its own', async () => {
  const decode = {
    br: brotliDecompressSync,
    gzip: gunzipSync,
    identity: (bytes: Buffer) => bytes,
  };
  const tags = new Set<string>();
  for (const [accepted, encoding] of [
    ['gzip, deflate, br', 'br'],
    ['gzip;q=0.5', 'gzip'],
    ['br;q=0, gzip', 'gzip'],
    ['', 'identity'],
  ] as const) {
    const { headers, body } = await ask('/assets/main-1a2b.js', {
      headers: { 'Accept-Encoding': accepted },
    });
    expect(headers['content-encoding'] ?? 'identity').toBe(encoding);
    expect(headers).toMatchObject({
      vary: 'Accept-Encoding',
      'content-type': 'text/javascript; charset=utf-8',
      'content-length': `${body.length}`,
    });
    expect(decode[encoding](body).toString()).toBe(script);
    tags.add(headers.etag ?? '');
  }
  expect(tags.size).toBe(3);
  const picture = await ask('/icon.png', { headers: { 'Accept-Encoding': 'br' } });
  expect(picture.headers['content-encoding']).toBeUndefined();
});

it.each([
  ['/assets/net.wasm', 'application/wasm'],
  ['/icon.png', 'image/png'],
  ['/digits.npy', 'application/octet-stream'],
  ['/notes.txt', 'text/plain; charset=utf-8'],
])('%s is served as %s', async (path, type) => {
  expect((await ask(path)).headers['content-type']).toBe(type);
});

it('a browser that has a file is told so, with the same headers', async () => {
  const { headers } = await ask('/sw.js');
  const again = await ask('/sw.js', { headers: { 'If-None-Match': headers.etag } });
  expect([again.status, again.body.length]).toEqual([304, 0]);
  for (const name of ['cache-control', 'vary', 'content-security-policy'] as const) {
    expect(again.headers[name]).toBe(headers[name]);
  }
});

it('a question for the headers alone gets no body', async () => {
  const { status, headers, body } = await ask('/sw.js', { method: 'HEAD' });
  expect([status, headers['content-length'], body.length]).toEqual([200, '19', 0]);
});

it.each(['bytes=0-3', 'bytes=5-2', 'bytes=-4', 'bytes=0-99999999999999999999', 'lines=1'])(
  'a file asked for in part (%s) is given whole',
  async (range) => {
    const { status, body } = await ask('/sw.js', { headers: { Range: range } });
    expect([status, body.toString()]).toEqual([200, 'self.skipWaiting();']);
  },
);

it.each([
  '/secret.txt',
  '/../secret.txt',
  '/%2e%2e/secret.txt',
  '/assets/..%2f..%2fsecret.txt',
  '/assets/%2e%2e/%2e%2e/secret.txt',
  '//secret.txt',
  '/%00',
  '/%',
  '/assets',
  '/assets/',
  '/nothing',
  '/v1/health?x=1',
])('%s is left to what comes next, as it was asked for', async (path) => {
  const { status, headers } = await ask(path);
  expect([status, headers['x-url']]).toEqual([404, path]);
  expect(headers['content-security-policy']).toBeUndefined();
});

it('another method than GET and HEAD is left to what comes next', async () => {
  expect((await ask('/sw.js', { method: 'POST' })).status).toBe(404);
});

it('an app that is not built has no files', async () => {
  const empty = await serve(openStaticFiles(join(folder, 'not-built')));
  expect((await ask('/', { at: empty })).status).toBe(404);
  empty.close();
});

it('a file that is gone since costs its connection, and nothing else', async () => {
  await rm(join(folder, 'app', 'assets', 'gone-3c4d.js'));
  await expect(ask('/assets/gone-3c4d.js')).rejects.toThrow();
  expect((await ask('/sw.js')).status).toBe(200);
});

it('a browser that leaves in the middle of a file leaves no file open', async () => {
  const { port } = server.address() as AddressInfo;
  const openFiles = async () => (await readdir('/proc/self/fd').catch(() => [])).length;
  const before = await openFiles();
  for (let time = 0; time < 20; time += 1) {
    await new Promise<void>((resolve) => {
      const call = request({ port, path: '/assets/net.wasm', agent: false }, (answer) => {
        answer.once('data', () => answer.destroy());
        answer.once('close', () => resolve());
      });
      call.end();
    });
  }
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(await openFiles()).toBeLessThan(before + 10);
});
