import type { IDBPDatabase } from 'idb';
import type { DeviceMemory } from '../../core/events.ts';
import { makeKeyPair, openSigner, type Signer } from '../signer.ts';
import { openDatabase } from './database.ts';

const EMPTY: DeviceMemory = { deaths: [], admissions: [] };

/** What a browser keeps of a device: its key, which cannot be read out, and its memory. */
export interface DeviceStore {
  signer: Signer;
  memory: DeviceMemory;
  remember(memory: DeviceMemory): Promise<void>;
}

/** Works without a database too (private mode): then the device is new on each visit. */
export async function openDeviceStore(): Promise<DeviceStore> {
  const database = await openDatabase('pocketgrid-device', (db) => {
    db.createObjectStore('device');
  }).catch(() => undefined);
  const pair = await readKey(database);
  const memory = (await database?.get('device', 'memory')) as DeviceMemory | undefined;
  return {
    signer: await openSigner(pair),
    memory: memory ?? EMPTY,
    async remember(next) {
      await database?.put('device', next, 'memory');
    },
  };
}

async function readKey(database: IDBPDatabase | undefined): Promise<CryptoKeyPair> {
  const saved = (await database?.get('device', 'key')) as CryptoKeyPair | undefined;
  if (saved !== undefined) return saved;
  const pair = await makeKeyPair(false);
  await database?.put('device', pair, 'key').catch(() => undefined);
  return pair;
}
