import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { DeviceMemory } from '../../core/events.ts';
import { makeKeyPair, openSigner, type Signer } from '../signer.ts';

const EMPTY: DeviceMemory = { deaths: [], admissions: [] };

/** The device key of a Node contributor, made on first use, readable by its owner only. */
export async function openKeyFile(file: string): Promise<Signer> {
  await mkdir(dirname(file), { recursive: true });
  const saved = await readFile(file, 'utf8').catch(() => undefined);
  if (saved !== undefined) return openSigner(await importPair(JSON.parse(saved)));
  const pair = await makeKeyPair(true);
  const jwk = await crypto.subtle.exportKey('jwk', pair.privateKey);
  await writeFile(file, `${JSON.stringify(jwk)}\n`, { mode: 0o600, flag: 'wx' });
  return openSigner(pair);
}

async function importPair(jwk: JsonWebKey): Promise<CryptoKeyPair> {
  const { d: _secret, key_ops: _operations, ...open } = jwk;
  return {
    privateKey: await crypto.subtle.importKey('jwk', jwk, 'Ed25519', false, ['sign']),
    publicKey: await crypto.subtle.importKey('jwk', open, 'Ed25519', true, ['verify']),
  };
}

export interface MemoryFile {
  saved: DeviceMemory;
  save(memory: DeviceMemory): Promise<void>;
}

/** Tombstones and admissions in a file that is replaced whole. */
export async function openMemoryFile(folder: string): Promise<MemoryFile> {
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'memory.json');
  const text = await readFile(file, 'utf8').catch(() => undefined);
  let last = Promise.resolve();
  return {
    saved: text === undefined ? EMPTY : (JSON.parse(text) as DeviceMemory),
    save(memory) {
      last = last.then(async () => {
        await writeFile(`${file}.new`, JSON.stringify(memory));
        await rename(`${file}.new`, file);
      });
      return last;
    },
  };
}
