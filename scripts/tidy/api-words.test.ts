import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { printWords, WORDS_FILE } from '../api-words/file.ts';

it('the description of the API says what the doc lines of its schemas say', () => {
  const written = readFileSync(join(import.meta.dirname, '../..', WORDS_FILE), 'utf8');
  expect(written === printWords(), 'doc lines of protocol/ changed: run `npm run api:words`').toBe(
    true,
  );
});
