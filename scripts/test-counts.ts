/** What a test runner found. */
export interface TestCounts {
  passed: number;
  failed: number;
  skipped: number;
}

/**
 * Counts from Vitest's JSON report and exit status. A file that did not load, a runner that ended
 * badly and a run without a test each count as one failure.
 */
export function countVitest(report: unknown, code: number): TestCounts {
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } =
    record(report);
  const broken = list(testResults).filter(
    (file) => file['status'] === 'failed' && list(file['assertionResults']).length === 0,
  ).length;
  return settle(code, {
    passed: number(numPassedTests),
    failed: number(numFailedTests) + broken,
    skipped: number(numPendingTests) + number(numTodoTests),
  });
}

/** Counts from Playwright's JSON report and exit status; a flaky test is a failed one. */
export function countPlaywright(report: unknown, code: number): TestCounts {
  const { stats, errors } = record(report);
  const { expected, unexpected, flaky, skipped } = record(stats);
  return settle(code, {
    passed: number(expected),
    failed: number(unexpected) + number(flaky) + list(errors).length,
    skipped: number(skipped),
  });
}

/** `N passed, N failed`, with `, N skipped` where there are any. */
export function describeCounts(parts: readonly TestCounts[]): string {
  const sum = (key: keyof TestCounts) => parts.reduce((total, part) => total + part[key], 0);
  const skipped = sum('skipped');
  const tail = skipped === 0 ? '' : `, ${skipped} skipped`;
  return `${sum('passed')} passed, ${sum('failed')} failed${tail}`;
}

function settle(code: number, counts: TestCounts): TestCounts {
  const empty = counts.passed + counts.failed === 0;
  const crashed = code !== 0 && counts.failed === 0;
  return empty || crashed ? { ...counts, failed: counts.failed + 1 } : counts;
}

const record = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
const list = (value: unknown): Record<string, unknown>[] =>
  Array.isArray(value) ? value.map(record) : [];
const number = (value: unknown): number => (typeof value === 'number' ? value : 0);
