import { appendFileSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { beforeEach } from 'vitest';
// Deprecated, but the `TestRunner.setTestFn` that is to replace it only reads (vitest 4.1.12).
import { getFn, setFn } from 'vitest/suite';

/**
 * Runs each test once as it is, and once for every change that this file still has to notice. A
 * change counts as noticed when the test that passes without it fails.
 */
export interface Plan {
  /** Numbers of changes, by the name of the test file. */
  files: Record<string, number[]>;
  /** Where what was noticed is written: a number and the test's name in each line. */
  noticed: string;
}

const plan: Plan = JSON.parse(readFileSync(process.env['POCKETGRID_MUTANTS'] ?? '', 'utf8'));
const noticed = new Set(
  readFileSync(plan.noticed, 'utf8')
    .split('\n')
    .map((line) => Number.parseInt(line, 10)),
);

function wake(mutant: number): void {
  process.env['POCKETGRID_MUTANT'] = String(mutant);
}

beforeEach(({ task }) => {
  const run = getFn(task);
  const file = basename(task.file.filepath);
  setFn(task, async () => {
    wake(0);
    await run();
    for (const mutant of plan.files[file] ?? []) {
      if (noticed.has(mutant)) continue;
      wake(mutant);
      const failed = await Promise.resolve(run()).then(
        () => false,
        () => true,
      );
      if (!failed) continue;
      noticed.add(mutant);
      appendFileSync(plan.noticed, `${mutant} ${file}: ${task.name.replaceAll('\n', ' ')}\n`);
    }
    wake(0);
  });
});
