import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findChromium } from './chromium.ts';
import { runCommand } from './command.ts';
import { runEngines } from './engines/run.ts';
import { readReport, runPlaywright } from './playwright.ts';
import { countVitest, describeCounts, type TestCounts } from './test-counts.ts';

/**
 * `npm test`: builds the app once, then runs Vitest, Playwright, and the journeys of other engines.
 * Ends with one line of counts.
 */
const BUILD_MS_MAX = 3 * 60_000;
const VITEST_MS_MAX = 60 * 60_000;
const PLAYWRIGHT_MS_MAX = 30 * 60_000;
const ONE_FAILURE: TestCounts = { passed: 0, failed: 1, skipped: 0 };

const folder = await mkdtemp(join(tmpdir(), 'pocketgrid-test-'));
try {
  const parts = await runAll();
  process.stdout.write(`${describeCounts(parts)}\n`);
  process.exitCode = parts.some(({ failed }) => failed > 0) ? 1 : 0;
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function runAll(): Promise<TestCounts[]> {
  let env: Record<string, string>;
  try {
    env = { POCKETGRID_CHROMIUM: await findChromium() };
  } catch (error) {
    say(String(error));
    return [ONE_FAILURE];
  }
  const build = await runCommand(['npx', 'vite', 'build', '--mode', 'quick'], {
    timeoutMs: BUILD_MS_MAX,
  });
  if (build.code !== 0) {
    say(build.text);
    return [ONE_FAILURE];
  }
  const journeys = { env, timeoutMs: PLAYWRIGHT_MS_MAX };
  return [await runVitest(env), await runPlaywright([], journeys), await runEngines(say)];
}

async function runVitest(env: Record<string, string>): Promise<TestCounts> {
  const report = join(folder, 'vitest.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const { code } = await runCommand(['npx', 'vitest', 'run', ...reporters], {
    timeoutMs: VITEST_MS_MAX,
    output: 'inherit',
    env,
  });
  return countVitest(await readReport(report), code);
}

function say(text: string): void {
  process.stdout.write(`${text.trimEnd()}\n`);
}
