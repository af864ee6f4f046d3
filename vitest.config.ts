import { preact } from '@preact/preset-vite';
import { defineConfig } from 'vitest/config';
import { startCompiled } from './scripts/compiled/plugin.ts';
import { SENTENCES } from './scripts/languages/macros.ts';

interface Part {
  name: string;
  testMs?: number;
  /** Runs before each of its test files. */
  setup?: string;
}

const PARTS: readonly Part[] = [
  { name: 'protocol' },
  { name: 'client' },
  { name: 'node' },
  { name: 'cli', testMs: 60_000 },
  { name: 'hub' },
  { name: 'worker', testMs: 60_000 },
  { name: 'verifier', testMs: 60_000 },
  { name: 'web', setup: './web/languages/tests.ts' },
  { name: 'sim', testMs: 180_000 },
  { name: 'scripts', testMs: 60_000 },
  { name: 'programs' },
  { name: 'chain-dev', testMs: 60_000 },
  { name: 'bench' },
];
const SLOW = '**/*.slow.test.ts';

/**
 * Two projects: tests that start something, whose files have a process each, and all others, whose
 * files share one, which takes less to start.
 */
function projectsOf({ name, testMs = 120_000, setup }: Part) {
  const include = [`${name}/**/*.test.ts`, `${name}/**/*.test.tsx`];
  const slow = [`${name}/${SLOW}`];
  const setupFiles = setup === undefined ? [] : [setup];
  return [
    {
      extends: true as const,
      test: { name, include, exclude: [SLOW], setupFiles, isolate: false, testTimeout: testMs },
    },
    { extends: true as const, test: { name: `${name} slow`, include: slow, testTimeout: testMs } },
  ];
}

export default defineConfig({
  // Told apart from vite.config.ts: tests need no page.
  publicDir: false,
  plugins: [
    startCompiled,
    preact({ ...SENTENCES, prefreshEnabled: false, devToolsEnabled: false }),
  ],
  test: {
    environment: 'node',
    globalSetup: './scripts/compiled/setup.ts',
    // Processes, not threads: native modules (WebRTC, SQLite) and wasm threads want their own.
    pool: 'forks',
    maxWorkers: 2,
    hookTimeout: 30_000,
    teardownTimeout: 10_000,
    projects: PARTS.flatMap(projectsOf),
  },
});
