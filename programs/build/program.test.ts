import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { buildProgram, findToolchain } from './program.ts';

const missing = await findToolchain();
const reason = missing.length === 0 ? '' : ` (not here: ${missing.join(', ')})`;

it.skipIf(missing.length > 0)(
  `the committed program is what its sources build${reason}`,
  async () => {
    const built = await buildProgram('programs', '.build/program-test');
    expect(Buffer.compare(built, await readFile('programs/settlement.so'))).toBe(0);
  },
  300_000,
);
