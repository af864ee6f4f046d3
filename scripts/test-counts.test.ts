import { describe, expect, it } from 'vitest';
import { countPlaywright, countVitest, describeCounts } from './test-counts.ts';

describe('counting tests', () => {
  it('adds up what both runners found', () => {
    const vitest = { numPassedTests: 5, numFailedTests: 1, numPendingTests: 2, numTodoTests: 0 };
    const playwright = { stats: { expected: 3, unexpected: 0, flaky: 0, skipped: 0 }, errors: [] };
    const parts = [countVitest(vitest, 1), countPlaywright(playwright, 0)];
    expect(describeCounts(parts)).toBe('8 passed, 1 failed, 2 skipped');
  });

  it('counts a test file that did not load', () => {
    const report = {
      numPassedTests: 5,
      numFailedTests: 0,
      testResults: [{ status: 'failed', assertionResults: [] }, { status: 'passed' }],
    };
    expect(countVitest(report, 1).failed).toBe(1);
  });

  it('counts a crash, a missing report and an empty run as failures', () => {
    expect(countVitest({ numPassedTests: 5 }, 139).failed).toBe(1);
    expect(countVitest(undefined, 0).failed).toBe(1);
    expect(countPlaywright({ stats: {} }, 0).failed).toBe(1);
  });

  it('counts a flaky browser test as failed', () => {
    expect(countPlaywright({ stats: { expected: 1, flaky: 1 } }, 0).failed).toBe(1);
  });

  it('leaves out "skipped" where nothing was', () => {
    expect(describeCounts([{ passed: 1, failed: 0, skipped: 0 }])).toBe('1 passed, 0 failed');
  });
});
