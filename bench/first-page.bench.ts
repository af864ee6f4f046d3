import { readFile } from 'node:fs/promises';
import { basename, posix, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { parseSync } from 'vite';
import { buildApp } from './app.ts';
import { openBrowser } from './browser.ts';
import { type Bench, type BenchContext, type Figure, median } from './figure.ts';
import { type Audit, auditPage, CATEGORIES } from './first-page/lighthouse.ts';
import { openSite } from './first-page/site.ts';
import { openStaticServer } from './static-server.ts';

const GOAL_BYTES = 50_000;
const GOALS = { performance: 98, accessibility: 100, 'best-practices': 100 } as const;
const [LCP_MS_MAX, CLS_MAX] = [1_500, 0.01];
const ROUNDS = 3;
const SETTLE_MS = 1_500;

/**
 * Compressed script before Start, and what Lighthouse says of every page on a phone with slow 4G.
 */
export const run: Bench = async function* (context) {
  await buildApp();
  yield await weighScripts(context);
  yield* auditPages(context);
};

/** What index.html pulls in by itself, seen to be all of it. */
async function weighScripts(context: BenchContext): Promise<Figure> {
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
  return {
    figure: 'script-bytes',
    value: gzip,
    unit: 'bytes',
    baseline: GOAL_BYTES,
    detail: { files: all.size, rawBytes: raw },
  };
}

/** The least score of any page, and how fast and steady the first one is; medians of the rounds. */
async function* auditPages(context: BenchContext): AsyncGenerator<Figure> {
  const pages = [...(await openSite(context))];
  const audits = new Map<string, Audit[]>();
  for (const [name, visit] of context.quick ? pages.slice(0, 2) : pages) {
    const found: Audit[] = [];
    for (let round = 0; round < (context.quick ? 1 : ROUNDS); round += 1) {
      found.push(await auditPage(context, visit));
    }
    audits.set(name, found);
    const [first] = found;
    const failed =
      first === undefined || first.failed.length === 0 ? 'none' : first.failed.join(', ');
    context.say(`${name}: ${JSON.stringify(first?.scores)}, failed audits: ${failed}`);
  }
  const middles = (of: (audit: Audit) => number) =>
    [...audits].map(([name, found]) => ({ name, value: median(found.map(of)) }));
  for (const category of CATEGORIES) {
    const scores = middles(({ scores }) => scores[category]);
    const value = Math.min(...scores.map((each) => each.value));
    const detail = Object.fromEntries(scores.map((each) => [each.name, each.value]));
    const figure = `lighthouse-${category}`;
    yield { figure, value, unit: 'of 100', baseline: GOALS[category], detail };
  }
  const lcp = middles(({ lcpMs }) => Math.round(lcpMs));
  yield firstOf('lcp-ms', lcp, { unit: 'ms', baseline: LCP_MS_MAX });
  yield firstOf(
    'cls',
    middles(({ cls }) => cls),
    { unit: '', baseline: CLS_MAX },
  );
}

/** A measure of the first page, told with those of the others. */
function firstOf(
  figure: string,
  [first, ...others]: readonly { name: string; value: number }[],
  kind: { unit: string; baseline: number },
): Figure {
  const detail = Object.fromEntries(others.map(({ name, value }) => [name, value]));
  return { figure, value: first?.value ?? Number.NaN, ...kind, detail };
}

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
