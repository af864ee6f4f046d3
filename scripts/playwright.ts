import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from './command.ts';
import { countPlaywright, type TestCounts } from './test-counts.ts';

/** Reads the JSON that a test runner left; undefined where it crashed or was stopped. */
export async function readReport(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch {
    const text = `The test runner left no report at ${path}: it crashed or was stopped; see above.`;
    process.stdout.write(`${text}\n`);
    return undefined;
  }
}

/** Runs Playwright with further words of its command line, and counts its tests. */
export async function runPlaywright(
  words: readonly string[],
  { env, timeoutMs }: { env: Record<string, string>; timeoutMs: number },
): Promise<TestCounts> {
  const folder = await mkdtemp(join(tmpdir(), 'pocketgrid-playwright-'));
  try {
    const report = join(folder, 'playwright.json');
    const command = ['npx', 'playwright', 'test', '--reporter=list,json', ...words];
    const { code } = await runCommand(command, {
      timeoutMs,
      output: 'inherit',
      env: { ...env, PLAYWRIGHT_JSON_OUTPUT_NAME: report },
    });
    return countPlaywright(await readReport(report), code);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
