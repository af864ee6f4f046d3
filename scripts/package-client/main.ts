import { join } from 'node:path';
import * as v from 'valibot';
import { readFlags, Text } from '#node/flags.ts';
import { buildClientPackage } from './build.ts';

/** `npm run package:client`: writes `@pocketgrid/client` into a folder, to publish from there. */
const USAGE = `npm run package:client -- [--out FOLDER]

Writes @pocketgrid/client into FOLDER (.build/package-client), in place of what is there.`;

const flags = readFlags({ out: v.optional(Text, join('.build', 'package-client')) });
if (flags === 'help') process.stdout.write(`${USAGE}\n`);
else {
  await buildClientPackage(flags.out);
  process.stdout.write(`${flags.out}\n`);
}
