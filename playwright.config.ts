import { execFileSync } from 'node:child_process';
import { defineConfig } from '@playwright/test';

// `npm test` has looked already; a bare `npx playwright test` looks by itself.
process.env['POCKETGRID_CHROMIUM'] ??= execFileSync('npx', ['tsx', 'scripts/chromium.ts'], {
  encoding: 'utf8',
}).trim();

export default defineConfig({
  testDir: 'e2e',
  testMatch: '**/*.spec.ts',
  // Those of other engines: `npm run test:engines`.
  testIgnore: 'engines.spec.ts',
  workers: 2,
  fullyParallel: false,
  retries: 0,
  timeout: 180_000,
  expect: { timeout: 30_000 },
  forbidOnly: true,
  reporter: [['list']],
  use: {
    browserName: 'chromium',
    launchOptions: {
      executablePath: process.env['POCKETGRID_CHROMIUM'],
      // Software WebGPU everywhere; no sandbox, because a container's root has none.
      args: ['--no-sandbox', '--enable-unsafe-webgpu'],
    },
  },
});
