import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CONFIG_FOLDER, printConfigFiles } from './files.ts';

/** `npm run config`: writes the schema and the example of the configuration file. */
const folder = join(import.meta.dirname, '../..', CONFIG_FOLDER);
await mkdir(folder, { recursive: true });
for (const [name, text] of Object.entries(printConfigFiles())) {
  await writeFile(join(folder, name), text);
}
