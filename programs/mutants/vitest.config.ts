import { defineConfig } from 'vitest/config';

/** The tests over litesvm, each run for every mutant: `main.ts` starts this. */
export default defineConfig({
  publicDir: false,
  test: {
    include: ['programs/settlement/tests/*.test.ts'],
    exclude: ['programs/settlement/tests/program.test.ts'],
    setupFiles: ['programs/mutants/setup.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 120_000,
  },
});
