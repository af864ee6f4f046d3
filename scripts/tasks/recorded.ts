import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What the pipelines of transformers.js say of a case, in the form of the grid's answers:
 * `npm run trials -- --only tasks --record` writes it. RangeError for a case that is not there.
 */
export function readRecorded(name: string): object[] {
  const text = readFileSync(join(import.meta.dirname, 'pipelines.json'), 'utf8');
  const answers = (JSON.parse(text) as Record<string, object[] | undefined>)[name];
  if (answers === undefined) throw new RangeError(`no answers were recorded for the case ${name}`);
  return answers;
}
