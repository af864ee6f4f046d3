import { t } from '@lingui/core/macro';
import { deleteDB, type IDBPDatabase, openDB } from 'idb';
import { decodeBase58, encodeBase58 } from '#protocol/bytes/base58.ts';
import { concatBytes, hexToBytes } from '#protocol/bytes/digest.ts';
import { isSameKey } from '#protocol/settlement/layout.ts';
import type { Address } from '#protocol/settlement/money-api.ts';
import { encodeTransaction } from '#protocol/settlement/transaction.ts';
import { fault, type PocketgridError } from '#protocol/values/refusal.ts';
import type { Wallet } from './wallet.ts';

const ALGORITHM = 'Ed25519';
const DATABASE = 'pocketgrid-wallet';
const SEED_BYTES = 32;
const SECRET_BYTES = 64;
/** What stands before the seed in PKCS #8 (RFC 8410). */
const PKCS8 = hexToBytes('302e020100300506032b657004220420');

/** A wallet whose key this browser made and keeps. Who has the secret has the money. */
export interface BrowserWallet extends Wallet {
  /** The secret as other wallets take it: seed and public key, 64 bytes in base 58. */
  reveal(): Promise<string>;
}

export interface WalletStore {
  read(): Promise<BrowserWallet | undefined>;
  /** Makes one where there is none. */
  make(): Promise<BrowserWallet>;
  /** Takes a secret from elsewhere, in the place of the one that is kept. */
  take(secret: string): Promise<BrowserWallet>;
  forget(): Promise<void>;
}

interface Keys {
  privateKey: CryptoKey;
  publicKey: Uint8Array;
}

/** Where the browser has no database (some private modes) the wallet lasts for the visit. */
export async function openWalletStore(): Promise<WalletStore> {
  const database = await openDatabase().catch(() => undefined);
  let kept = await readKeys(database);
  const keep = async (keys: Keys): Promise<BrowserWallet> => {
    kept = keys;
    await database?.put('wallet', keys, 'keys');
    return openWallet(keys);
  };
  return {
    read: async () => kept && openWallet(kept),
    make: async () => (kept === undefined ? keep(await makeKeys()) : openWallet(kept)),
    take: async (secret) => keep(await importKeys(secret.trim())),
    async forget() {
      kept = undefined;
      await database?.delete('wallet', 'keys');
    },
  };
}

/** Deletes the wallet of this browser: whoever has not kept its secret has lost it. */
export const deleteWallet = (): Promise<void> => deleteDB(DATABASE);

/** Throws where a browser has or allows no database. */
async function openDatabase(): Promise<IDBPDatabase> {
  return openDB(DATABASE, 1, {
    upgrade(db) {
      db.createObjectStore('wallet');
    },
    // Somebody deletes it.
    blocking: (_, __, event) => (event.target as IDBDatabase).close(),
  });
}

const readKeys = async (database: IDBPDatabase | undefined): Promise<Keys | undefined> =>
  (await database?.get('wallet', 'keys')) as Keys | undefined;

async function makeKeys(): Promise<Keys> {
  try {
    // Extractable: a key that cannot be saved elsewhere would be lost with this browser.
    const made = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
    const { privateKey, publicKey } = made as CryptoKeyPair;
    const raw = new Uint8Array(await crypto.subtle.exportKey('raw', publicKey));
    return { privateKey, publicKey: raw };
  } catch {
    throw noEd25519();
  }
}

async function importKeys(secret: string): Promise<Keys> {
  const decoded = decodeBase58(secret, SECRET_BYTES);
  if (!decoded.ok) {
    const message = t`That is no secret of a wallet: 64 bytes in base 58, about 88 letters and digits. Copy it whole.`;
    throw fault('wallet-refused', message);
  }
  const [seed, wanted] = [decoded.value.slice(0, SEED_BYTES), decoded.value.slice(SEED_BYTES)];
  try {
    const pkcs8 = new Uint8Array(concatBytes(PKCS8, seed));
    const privateKey = await crypto.subtle.importKey('pkcs8', pkcs8, ALGORITHM, true, ['sign']);
    const publicKey = await publicOf(privateKey);
    if (isSameKey(publicKey, wanted)) return { privateKey, publicKey };
  } catch {
    throw noEd25519();
  }
  throw fault(
    'wallet-refused',
    t`The two halves of this secret do not belong together: copy it again from where it was saved.`,
  );
}

/** A JWK of a private key names the public one too. */
async function publicOf(privateKey: CryptoKey): Promise<Uint8Array> {
  const { x = '' } = await crypto.subtle.exportKey('jwk', privateKey);
  const text = atob(x.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function openWallet({ privateKey, publicKey }: Keys): BrowserWallet {
  return {
    kind: 'here',
    name: t`Wallet in this browser`,
    address: encodeBase58(publicKey) as Address,
    key: publicKey,
    async sign(message) {
      const bytes = new Uint8Array(message.bytes);
      const signature = await crypto.subtle.sign(ALGORITHM, privateKey, bytes);
      return encodeTransaction(message, [new Uint8Array(signature)]);
    },
    async reveal() {
      const pkcs8 = new Uint8Array(await crypto.subtle.exportKey('pkcs8', privateKey));
      return encodeBase58(concatBytes(pkcs8.slice(-SEED_BYTES), publicKey));
    },
  };
}

const noEd25519 = (): PocketgridError =>
  fault(
    'wallet-missing',
    t`This browser cannot make Ed25519 keys (Chrome does from 137 on, Safari from 17, Firefox from 129): use a newer one, or paste the address of a wallet you have.`,
  );
