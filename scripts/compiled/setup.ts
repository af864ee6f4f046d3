import type { TestProject } from 'vitest/node';
import { compilePrograms } from './compile.ts';

const DONE = 'POCKETGRID_COMPILED';

/** Compiles our programs before the first test of a run, whichever project it is of. */
export async function setup(project: TestProject): Promise<void> {
  project.onTestsRerun(compilePrograms);
  if (process.env[DONE] !== undefined) return;
  process.env[DONE] = 'yes';
  await compilePrograms();
}
