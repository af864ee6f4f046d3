import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { buildProgram, findToolchain, INSTALL } from './program.ts';

/**
 * `npm run build:program`: builds the program and writes it with its SHA-256; `--check` compares instead,
 * and says so where the toolchain is not installed.
 */
const PROGRAM = 'programs/settlement.so';

const missing = await findToolchain();
const check = process.argv.includes('--check');
if (missing.length > 0) {
  process.stdout.write(`Did not build: ${missing.join(', ')} not found. ${INSTALL}\n`);
  process.exitCode = check ? 0 : 1;
} else {
  const bytes = await buildProgram('programs');
  const hash = createHash('sha256').update(bytes).digest('hex');
  if (check) {
    const same = Buffer.compare(await readFile(PROGRAM), bytes) === 0;
    process.stdout.write(`${hash}  ${same ? 'the same as' : 'NOT the same as'} ${PROGRAM}\n`);
    process.exitCode = same ? 0 : 1;
  } else {
    await writeFile(PROGRAM, bytes);
    await writeFile(`${PROGRAM}.sha256`, `${hash}  ${PROGRAM}\n`);
    process.stdout.write(`${hash}  ${PROGRAM}, ${bytes.length} bytes\n`);
  }
}
