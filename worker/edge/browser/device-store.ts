import type { IDBPDatabase } from 'idb';
import type { DeviceMemory } from '../../core/events.ts';
import { makeKeyPair, openSigner, type Signer } from '../signer.ts';
import { openDeviceDatabase } from './database.ts';

const EMPTY: DeviceMemory = { deaths: [], admissions: [] };

/** A browser answers in milliseconds, or never: another tab may hold an older version open. */
const ANSWER_MS_MAX = 5_000;

/** What a browser keeps of a device: its key, which cannot be read out, and its memory. */
export interface DeviceStore {
  signer: Signer;
  memory: DeviceMemory;
  /** False where no database answers: then the device is new on each visit. */
  isKept: boolean;
  remember(memory: DeviceMemory): Promise<void>;
}

/** Works without a database too (private mode, or one that hangs or lacks its store). */
export async function openDeviceStore(): Promise<DeviceStore> {
  const opened = await within(openKept());
  if (opened !== undefined) return opened;
  const signer = await openSigner(await makeKeyPair(false));
  return { signer, memory: EMPTY, isKept: false, remember: async () => undefined };
}

async function openKept(): Promise<DeviceStore> {
  const database = await openDeviceDatabase();
  const signer = await openSigner(await readKey(database));
  const memory = (await database.get('device', 'memory')) as DeviceMemory | undefined;
  return {
    signer,
    memory: memory ?? EMPTY,
    isKept: true,
    async remember(next) {
      await within(database.put('device', next, 'memory'));
    },
  };
}

async function readKey(database: IDBPDatabase): Promise<CryptoKeyPair> {
  const saved = (await database.get('device', 'key')) as CryptoKeyPair | undefined;
  if (saved !== undefined) return saved;
  const pair = await makeKeyPair(false);
  await database.put('device', pair, 'key');
  return pair;
}

/** What a database answers; undefined where it fails or does not answer in time. */
function within<T>(asked: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(undefined), ANSWER_MS_MAX);
    asked
      .catch(() => undefined)
      .then((answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
  });
}
