import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readTextIfThere, replaceFile } from '#node/files.ts';
import { openKeyFile } from '#node/key-file.ts';
import type { DeviceMemory } from '../../core/events.ts';
import type { Signer } from '../signer.ts';

const EMPTY: DeviceMemory = { deaths: [], admissions: [] };

/** Opens the device key of a Node contributor, making it on first use. */
export async function openDeviceKey(file: string): Promise<Signer> {
  const { key, sign } = await openKeyFile(file);
  return { key, sign: async (context, record) => sign(context, record) };
}

export interface MemoryFile {
  saved: DeviceMemory;
  save(memory: DeviceMemory): Promise<void>;
  /** Settles when the last one is on disk. */
  settled(): Promise<void>;
}

/** Tombstones and admissions in a file that is replaced whole. */
export async function openMemoryFile(folder: string): Promise<MemoryFile> {
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'memory.json');
  const text = await readTextIfThere(file);
  let last = Promise.resolve();
  return {
    saved: text === undefined ? EMPTY : (JSON.parse(text) as DeviceMemory),
    save(memory) {
      last = last.then(() => replaceFile(file, JSON.stringify(memory)));
      return last;
    },
    settled: () => last,
  };
}
