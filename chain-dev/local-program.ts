import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LOCAL_PROGRAM } from '#protocol/settlement/addresses.ts';
import type { ChainProgram } from './chain.ts';

const FILE = join(import.meta.dirname, '../programs/settlement.so');

/**
 * The settlement program as it was built, at the address that it has on every development chain.
 */
export const readLocalProgram = async (): Promise<ChainProgram> => ({
  id: LOCAL_PROGRAM,
  bytes: await readFile(FILE),
});
