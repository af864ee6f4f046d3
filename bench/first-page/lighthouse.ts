import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { runCommand } from '../command.ts';
import type { BenchContext } from '../figure.ts';

const AUDIT_MS_MAX = 3 * 60_000;
const PROGRAM = 'node_modules/lighthouse/cli/index.js';

/** What Lighthouse judges, out of 100. */
export const CATEGORIES = ['performance', 'accessibility', 'best-practices'] as const;
export type Category = (typeof CATEGORIES)[number];

/** What Lighthouse says of one page, as a phone on its slow 4G would load it. */
export interface Audit {
  scores: Record<Category, number>;
  /** Largest contentful paint. */
  lcpMs: number;
  /** Cumulative layout shift. */
  cls: number;
  /** Ids of audits of accessibility and best practices that failed. */
  failed: string[];
}

interface Report {
  runtimeError?: { message: string };
  categories: Record<Category, { score: number | null; auditRefs: { id: string }[] }>;
  audits: Record<string, { score: number | null; numericValue?: number; scoreDisplayMode: string }>;
}

/** A page and what its visitor's browser keeps for it. */
export interface Visit {
  url: string;
  stored: Record<string, string>;
}

/** Loads a page once in a Chromium of its own, which has nothing in its cache. */
export async function auditPage(context: BenchContext, { url, stored }: Visit): Promise<Audit> {
  const folder = await mkdtemp(join(context.folder, 'lighthouse-'));
  const port = await findPort();
  const browser = await chromium.launchPersistentContext(folder, {
    executablePath: context.chromium,
    // No sandbox, because a container's root has none.
    args: ['--no-sandbox', `--remote-debugging-port=${port}`],
  });
  try {
    // An answer of the same origin that loads nothing of the app.
    const page = await browser.newPage();
    await page.goto(new URL('/v1/health', url).href);
    await page.evaluate((all) => Object.assign(localStorage, all), stored);
    await page.close();
    return readReport(url, JSON.parse(await runLighthouse(url, port)) as Report);
  } finally {
    await browser.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function runLighthouse(url: string, port: number): Promise<string> {
  const browser = [`--port=${port}`, '--disable-storage-reset'];
  const output = ['--quiet', '--output=json', '--output-path=stdout'];
  const categories = `--only-categories=${CATEGORIES.join(',')}`;
  const command = [process.execPath, PROGRAM, url, ...browser, ...output, categories];
  return runCommand(command, AUDIT_MS_MAX);
}

function readReport(url: string, report: Report): Audit {
  if (report.runtimeError !== undefined) {
    throw new Error(`Lighthouse did not load ${url}: ${report.runtimeError.message}`);
  }
  const scoreOf = (category: Category) =>
    Math.round((report.categories[category].score ?? 0) * 100);
  const numberOf = (id: string) => report.audits[id]?.numericValue ?? Number.NaN;
  return {
    scores: {
      performance: scoreOf('performance'),
      accessibility: scoreOf('accessibility'),
      'best-practices': scoreOf('best-practices'),
    },
    lcpMs: numberOf('largest-contentful-paint'),
    cls: numberOf('cumulative-layout-shift'),
    failed: failedOf(report),
  };
}

function findPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = address !== null && typeof address === 'object' ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

function failedOf({ categories, audits }: Report): string[] {
  const ids = ['accessibility', 'best-practices'] as const;
  return ids
    .flatMap((category) => categories[category].auditRefs)
    .map(({ id }) => id)
    .filter((id) => audits[id]?.scoreDisplayMode === 'binary' && audits[id]?.score === 0);
}
