import { join } from 'node:path';

/** The root of the repository. */
export const ROOT = join(import.meta.dirname, '..');

/** Where a run of the tests keeps its programs as JavaScript: `scripts/compiled` writes it. */
export const COMPILED = join(ROOT, '.build/compiled');
