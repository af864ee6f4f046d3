import { defineConfig } from 'vitest/config';

const project = (name: string, include: string[], testTimeout = 120_000) => ({
  extends: true as const,
  test: { name, include, testTimeout },
});

export default defineConfig({
  // Told apart from vite.config.ts: tests need no plugin and no page.
  publicDir: false,
  test: {
    environment: 'node',
    // Processes, not threads: native modules (WebRTC, SQLite) and wasm threads want their own.
    pool: 'forks',
    maxWorkers: 2,
    hookTimeout: 30_000,
    teardownTimeout: 10_000,
    projects: [
      project('protocol', ['protocol/**/*.test.ts']),
      project('client', ['client/**/*.test.ts']),
      project('node', ['node/**/*.test.ts']),
      project('cli', ['cli/**/*.test.ts'], 60_000),
      project('hub', ['hub/**/*.test.ts']),
      project('worker', ['worker/**/*.test.ts'], 60_000),
      project('verifier', ['verifier/**/*.test.ts'], 60_000),
      project('web', ['web/**/*.test.ts', 'web/**/*.test.tsx']),
      project('sim', ['sim/**/*.test.ts'], 180_000),
      project('scripts', ['scripts/**/*.test.ts'], 60_000),
      project('programs', ['programs/**/*.test.ts']),
      project('chain-dev', ['chain-dev/**/*.test.ts'], 60_000),
      project('bench', ['bench/**/*.test.ts']),
    ],
  },
});
