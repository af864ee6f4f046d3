import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readWords } from './words.ts';

const ROOT = join(import.meta.dirname, '../..');

/** Where the words are, from the root of the repository. */
export const WORDS_FILE = 'hub/edge/http/openapi/generated/words.ts';

/** What the doc lines of `protocol/` say of schemas, as a module. */
export function printWords(): string {
  const folder = join(ROOT, 'protocol');
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  const sources = paths.filter((path) => /(?<!\.test|\.d)\.ts$/.test(path));
  const words = readWords(sources.map((path) => readFileSync(join(folder, path), 'utf8')));
  const lines = [...words].map(
    ([name, said]) => `  ${JSON.stringify(name)}: ${JSON.stringify(said)},`,
  );
  return `// npm run api:words writes this file: what doc lines say of the schemas of protocol/.
export const WORDS: Readonly<Record<string, string>> = {
${lines.join('\n')}
};
`;
}
