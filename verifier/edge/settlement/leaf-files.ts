import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HubClient } from '#client/client.ts';
import { postLeafFile, readLeafFile } from '#client/settlements.ts';
import { hasCode, syncFolder } from '#node/files.ts';
import type { Digest } from '#protocol/values/ids.ts';
import { fault, must, type PocketgridError } from '#protocol/values/refusal.ts';

/** Leaf files by their SHA-256, in two stores: this verifier's folder and the hub. */
export interface LeafFiles {
  /** Writes a file to both and reads it back from both; nothing is signed before. */
  keep(bytes: Uint8Array): Promise<Digest>;
  /** From the folder, else from the hub. Throws `leaves-unknown` when neither has it whole. */
  read(dataHash: Digest): Promise<Uint8Array>;
}

export const hashFile = (bytes: Uint8Array): Digest =>
  createHash('sha256').update(bytes).digest('hex') as Digest;

/** Leaf files in a folder and at the hub. */
export async function openLeafFiles(folder: string, client: HubClient): Promise<LeafFiles> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const fileOf = (dataHash: Digest) => join(folder, `${dataHash}.leaves`);
  const write = async (dataHash: Digest, bytes: Uint8Array) => {
    const draft = `${fileOf(dataHash)}.new`;
    await writeFile(draft, bytes, { flush: true });
    await rename(draft, fileOf(dataHash));
    await syncFolder(folder);
  };
  const readOwn = async (dataHash: Digest): Promise<Uint8Array | undefined> => {
    try {
      const bytes = new Uint8Array(await readFile(fileOf(dataHash)));
      return hashFile(bytes) === dataHash ? bytes : undefined;
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return undefined;
      throw error;
    }
  };
  const readHub = async (dataHash: Digest): Promise<Uint8Array> => {
    const bytes = must(await readLeafFile(client, dataHash));
    if (hashFile(bytes) === dataHash) return bytes;
    throw unknown(dataHash, 'the hub gives another file by this name');
  };
  return {
    async keep(bytes) {
      const dataHash = hashFile(bytes);
      await write(dataHash, bytes);
      must(await postLeafFile(client, new Uint8Array(bytes)));
      await readHub(dataHash);
      if ((await readOwn(dataHash)) !== undefined) return dataHash;
      throw unknown(dataHash, 'the folder gives another file back');
    },
    async read(dataHash) {
      return (await readOwn(dataHash)) ?? (await readHub(dataHash));
    },
  };
}

const unknown = (dataHash: Digest, why: string): PocketgridError =>
  fault(
    'leaves-unknown',
    `the leaf file ${dataHash} cannot be had: ${why}; nothing is signed without it`,
  );
