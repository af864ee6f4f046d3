import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeBase58 } from '#protocol/base58.ts';
import { sha256, utf8ToBytes } from '#protocol/digest.ts';
import type { ChainProgram } from './chain.ts';

/** Where the settlement program is on every chain that a hub hosts. Nobody has a key to this address. */
export const LOCAL_PROGRAM = encodeBase58(
  sha256(utf8ToBytes('pocketgrid settlement program, local chain')),
);

const FILE = join(import.meta.dirname, '../../../programs/settlement.so');

export const readLocalProgram = async (): Promise<ChainProgram> => ({
  id: LOCAL_PROGRAM,
  bytes: await readFile(FILE),
});
