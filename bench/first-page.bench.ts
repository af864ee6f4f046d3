import { readFile } from 'node:fs/promises';
import { basename, posix, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { parseSync } from 'vite';
import { buildApp } from './app.ts';
import { openBrowser } from './browser.ts';
import type { Bench, BenchContext } from './figure.ts';
import { openStaticServer } from './static-server.ts';

const GOAL_BYTES = 60_000;
const SETTLE_MS = 1_500;

/** Compressed script before Start: what index.html pulls in by itself, seen to be all of it. */
export const run: Bench = async function* (context) {
  await buildApp();
  const built = await readBuilt();
  const seen = await watchFirstLoad(context);
  const all = new Set([...built, ...seen]);
  const lazy = [...all].filter((file) => !built.has(file));
  if (lazy.length > 0) context.say(`also requested before Start: ${lazy.join(', ')}`);
  let gzip = 0;
  let raw = 0;
  for (const file of all) {
    const bytes = await readFile(`dist/${file}`);
    const packed = gzipSync(bytes).length;
    context.say(`${file}: ${bytes.length} bytes, ${packed} compressed`);
    gzip += packed;
    raw += bytes.length;
  }
  yield {
    figure: 'script-bytes',
    value: gzip,
    unit: 'bytes',
    baseline: GOAL_BYTES,
    detail: { files: all.size, rawBytes: raw },
  };
};

/** Scripts of the built page: its entry, its preloads and all they import statically. */
async function readBuilt(): Promise<Set<string>> {
  const html = await readFile('dist/index.html', 'utf8');
  const tags = html.match(/<(script|link)\b[^>]*>/g) ?? [];
  const open = tags
    .filter((tag) => tag.startsWith('<script') || /rel="modulepreload"/.test(tag))
    .flatMap((tag) => /(?:src|href)="\/?([^"]+)"/.exec(tag)?.[1] ?? []);
  const found = new Set<string>();
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (found.has(file)) continue;
    found.add(file);
    const { module } = parseSync(basename(file), await readFile(`dist/${file}`, 'utf8'));
    const exported = module.staticExports.flatMap(({ entries }) => entries);
    for (const { moduleRequest } of [...module.staticImports, ...exported]) {
      if (moduleRequest) open.push(posix.join(posix.dirname(file), moduleRequest.value));
    }
  }
  return found;
}

/** Scripts that Chromium asks for on loading `/`, the service worker's own errands left out. */
async function watchFirstLoad(context: BenchContext): Promise<Set<string>> {
  const server = await openStaticServer({ '/': 'dist' }, context);
  const browser = await openBrowser(context);
  const page = await browser.newPage();
  await page.goto(server.url, { waitUntil: 'networkidle' });
  await page.waitForTimeout(SETTLE_MS);
  const scripts = server.served.filter((each) => ['script', 'worker'].includes(each.for));
  return new Set(scripts.map(({ file }) => relative('dist', file)));
}
