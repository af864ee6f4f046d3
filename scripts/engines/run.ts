import { runPlaywright } from '../playwright.ts';
import type { TestCounts } from '../test-counts.ts';
import { type EngineName, findEngine } from './find.ts';

const TESTS_MS_MAX = 15 * 60_000;
const NAMES: readonly EngineName[] = ['firefox', 'webkit'];

/**
 * Runs the journeys of `e2e/` that other engines than Chromium's can, in each that is here or can
 * be installed. One that is not is named with its reason, and counts as skipped.
 */
export async function runEngines(say: (line: string) => void): Promise<TestCounts> {
  const env: Record<string, string> = {};
  let skipped = 0;
  for (const name of NAMES) {
    const found = await findEngine(name, { install: true });
    if ('reason' in found) {
      say(`skipped: ${name} is not installable: ${found.reason}`);
      skipped += 1;
    } else {
      say(`${name} ${found.version}`);
      env[`POCKETGRID_ENGINE_${name.toUpperCase()}`] = JSON.stringify(found.programs);
    }
  }
  if (skipped === NAMES.length) return { passed: 0, failed: 0, skipped };
  const words = ['--config', 'playwright.engines.config.ts'];
  const counts = await runPlaywright(words, { env, timeoutMs: TESTS_MS_MAX });
  return { ...counts, skipped: counts.skipped + skipped };
}
