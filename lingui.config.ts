import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from '@lingui/cli';
import { formatter } from '@lingui/format-po';
import { firstFiles } from './scripts/languages/first-files.ts';

const ROOT = import.meta.dirname;
const first = firstFiles(ROOT);
const languages = readdirSync(join(ROOT, 'web/languages'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

/**
 * Sentences of the page: those of the script that loads first, and the rest, so that the first page
 * waits for its own alone.
 */
export default defineConfig({
  rootDir: ROOT,
  sourceLocale: 'en',
  locales: languages,
  catalogs: [
    { path: '<rootDir>/web/languages/{locale}/first', include: first },
    {
      path: '<rootDir>/web/languages/{locale}/rest',
      include: ['<rootDir>/web'],
      exclude: ['**/*.test.ts', '**/*.test.tsx', ...first],
    },
  ],
  format: formatter({ lineNumbers: false, printPlaceholdersInComments: { limit: 3 } }),
  orderBy: 'message',
  macro: {
    corePackage: ['@lingui/core/macro'],
    jsxPackage: ['./trans.tsx', '../trans.tsx'],
  },
  runtimeConfigModule: {
    i18n: [join(ROOT, 'web/core/language.ts'), 'i18n'],
    Trans: [join(ROOT, 'web/ui/trans.tsx'), 'Trans'],
  },
});
