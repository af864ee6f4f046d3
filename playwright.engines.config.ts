import { join } from 'node:path';
import { defineConfig, type Project } from '@playwright/test';
import base from './playwright.config.ts';

/** Programs of an engine, as `npm run test:engines` found or installed them. */
const programsOf = (name: string): Record<string, string> | undefined => {
  const text = process.env[`POCKETGRID_ENGINE_${name}`];
  return text === undefined ? undefined : (JSON.parse(text) as Record<string, string>);
};

/** What Firefox as its makers build it does as well, by WebDriver BiDi. */
const JOURNEYS = ['journey.spec.ts', 'replay.spec.ts'];
/** The longest has three devices and a verifier at work on a machine of two cores. */
const TEST_MS_MAX = 300_000;

const projects: Project[] = [];
const firefox = programsOf('FIREFOX');
if (firefox !== undefined) {
  projects.push({
    name: 'firefox',
    testMatch: ['engines.spec.ts', ...JOURNEYS],
    use: {
      browserName: 'firefox',
      channel: 'moz-firefox',
      launchOptions: {
        executablePath: join(import.meta.dirname, 'e2e/firefox.mjs'),
        env: { ...process.env, POCKETGRID_FIREFOX: firefox['firefox'] ?? '' },
      },
    },
  });
}
// Driven by WebDriver: Playwright has a WebKit of its own only.
const webkit = programsOf('WEBKIT');
if (webkit !== undefined) {
  projects.push({ name: 'webkit', testMatch: ['engines.spec.ts'], metadata: webkit });
}

export default defineConfig({ ...base, timeout: TEST_MS_MAX, testIgnore: [], projects });
