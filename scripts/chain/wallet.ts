import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Signer } from '#client/cluster.ts';
import { encodeBase58 } from '#protocol/bytes/base58.ts';
import type { Address } from '#protocol/settlement/money-api.ts';
import { encodeTransaction } from '#protocol/settlement/transaction.ts';

/** Somebody who signs transactions. */
export interface Wallet extends Signer {
  address: Address;
}

const SECRET_BYTES = 32;
/** What stands before the secret in PKCS #8 (RFC 8410 §7). */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/**
 * Opens a wallet file as Solana's own tools write it: 64 numbers, the Ed25519 secret and its public
 * key. Made on first use (mode 0600) with `make`; otherwise a missing file throws.
 */
export async function openWallet(file: string, { make = false } = {}): Promise<Wallet> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text !== undefined) return walletOf(readSecret(file, text));
  if (!make) throw new Error(`there is no wallet file ${file}`);
  const { privateKey } = generateKeyPairSync('ed25519');
  const secret = privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-SECRET_BYTES);
  const wallet = walletOf(secret);
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const numbers = JSON.stringify([...secret, ...wallet.key]);
  await writeFile(file, `${numbers}\n`, { mode: 0o600, flag: 'wx', flush: true });
  return wallet;
}

function readSecret(file: string, text: string): Buffer {
  let numbers: unknown;
  try {
    numbers = JSON.parse(text);
  } catch {
    numbers = undefined;
  }
  const isByte = (value: unknown) =>
    Number.isInteger(value) && Number(value) >= 0 && Number(value) < 256;
  if (Array.isArray(numbers) && numbers.length === 2 * SECRET_BYTES && numbers.every(isByte)) {
    const secret = Buffer.from(numbers.slice(0, SECRET_BYTES));
    const { key } = walletOf(secret);
    if (Buffer.from(numbers.slice(SECRET_BYTES)).equals(key)) return secret;
  }
  throw new Error(`${file} is no wallet file: expected 64 numbers, a secret and its public key`);
}

function walletOf(secret: Uint8Array): Wallet {
  const key: KeyObject = createPrivateKey({
    key: Buffer.concat([PKCS8, secret]),
    format: 'der',
    type: 'pkcs8',
  });
  const publicKey = new Uint8Array(
    createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-SECRET_BYTES),
  );
  return {
    key: publicKey,
    address: encodeBase58(publicKey) as Address,
    sign: (message) => encodeTransaction(message, [sign(null, message.bytes, key)]),
  };
}
