import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openStaticFiles, type StaticFiles } from './static-files.ts';

let folder: string;
let files: StaticFiles;
const script = 'export const answer = 42;\n'.repeat(500);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pocketgrid-app-'));
  await mkdir(join(folder, 'app', 'assets'), { recursive: true });
  await writeFile(join(folder, 'secret.txt'), 'outside');
  await writeFile(join(folder, 'app', 'index.html'), '<!doctype html><title>Pocketgrid</title>');
  await writeFile(join(folder, 'app', 'sw.js'), 'self.skipWaiting();');
  await writeFile(join(folder, 'app', 'assets', 'main-1a2b.js'), script);
  await writeFile(join(folder, 'app', 'assets', 'net.wasm'), Buffer.from([0, 97, 115, 109]));
  await writeFile(join(folder, 'app', 'icon.png'), Buffer.from([137, 80]));
  files = await openStaticFiles(join(folder, 'app'));
});
afterAll(() => rm(folder, { recursive: true }));

const get = (path: string, headers: Record<string, string> = {}) =>
  files.respond(new Request(`http://hub${path}`, { headers }));

it('serves the pages of the app, isolated, under a strict policy', async () => {
  for (const path of [
    '/',
    '/dashboard',
    '/verdicts',
    '/settlements',
    `/dashboard/job_${'a'.repeat(16)}`,
  ]) {
    const answer = await get(path);
    expect(await answer?.text()).toContain('<title>Pocketgrid</title>');
    expect(Object.fromEntries(answer?.headers ?? [])).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
      'cross-origin-resource-policy': 'same-origin',
      'content-security-policy': expect.stringContaining("script-src 'self' 'wasm-unsafe-eval';"),
    });
  }
});

it('lets pages call a chain elsewhere, and nothing else', async () => {
  const policyOf = async (each: StaticFiles) =>
    (await each.respond(new Request('http://hub/')))?.headers.get('content-security-policy');
  expect(await policyOf(files)).toContain("connect-src 'self' ws: wss:;");
  const reaching = await openStaticFiles(join(folder, 'app'), ['https://chain.example']);
  expect(await policyOf(reaching)).toContain("connect-src 'self' ws: wss: https://chain.example;");
});

it('lets browsers keep hashed assets, and asks them to check the rest', async () => {
  const caching = async (path: string) => (await get(path))?.headers.get('cache-control');
  expect(await caching('/assets/main-1a2b.js')).toBe('public, max-age=31536000, immutable');
  expect(await caching('/sw.js')).toBe('no-cache');
});

it('compresses by what the browser takes, and gives each form its own tag', async () => {
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
    const answer = await get('/assets/main-1a2b.js', { 'Accept-Encoding': accepted });
    expect(answer?.headers.get('content-encoding') ?? 'identity').toBe(encoding);
    const bytes = Buffer.from((await answer?.arrayBuffer()) ?? new ArrayBuffer(0));
    expect(decode[encoding](bytes).toString()).toBe(script);
    tags.add(answer?.headers.get('etag') ?? '');
  }
  expect(tags.size).toBe(3);
  const picture = await get('/icon.png', { 'Accept-Encoding': 'br' });
  expect(picture?.headers.get('content-encoding')).toBeNull();
  expect((await get('/assets/net.wasm'))?.headers.get('content-type')).toBe('application/wasm');
});

it('answers 304 to who has it', async () => {
  const etag = (await get('/sw.js'))?.headers.get('etag') ?? '';
  expect((await get('/sw.js', { 'If-None-Match': etag }))?.status).toBe(304);
});

it('has nothing outside its folder', async () => {
  for (const path of [
    '/secret.txt',
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/assets',
    '/nothing',
  ]) {
    expect(await get(path)).toBeUndefined();
  }
  const empty = await openStaticFiles(join(folder, 'not-built'));
  expect(await empty.respond(new Request('http://hub/'))).toBeUndefined();
});
