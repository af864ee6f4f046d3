import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { printWords, WORDS_FILE } from './file.ts';

/** `npm run api:words`: writes what doc lines say of schemas, for the description of the API. */
const path = join(import.meta.dirname, '../..', WORDS_FILE);
mkdirSync(dirname(path), { recursive: true });
writeFileSync(path, printWords());
