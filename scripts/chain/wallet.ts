import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as v from 'valibot';
import type { Signer } from '#client/cluster.ts';
import { readTextIfThere } from '#node/files.ts';
import { openJwk } from '#node/key-file.ts';
import { encodeBase58 } from '#protocol/bytes/base58.ts';
import type { Address } from '#protocol/settlement/money-api.ts';
import { encodeTransaction } from '#protocol/settlement/transaction.ts';
import { decodeJson } from '#protocol/values/decode.ts';

/** Somebody who signs transactions. */
export interface Wallet extends Signer {
  address: Address;
}

const HALF = 32;
const Byte = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(255));
const WalletFile = v.pipe(v.array(Byte), v.length(2 * HALF));

/**
 * Opens a wallet file as Solana's own tools write it: 64 numbers, the Ed25519 secret and its public
 * key. Made on first use (mode 0600) with `make`; otherwise a missing file throws.
 */
export async function openWallet(file: string, { make = false } = {}): Promise<Wallet> {
  const text = await readTextIfThere(file);
  if (text !== undefined) return walletOf(readSecret(file, text));
  if (!make) throw new Error(`there is no wallet file ${file}`);
  const { privateKey } = generateKeyPairSync('ed25519');
  const { d = '', x = '' } = privateKey.export({ format: 'jwk' });
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const numbers = JSON.stringify([d, x].flatMap((half) => [...Buffer.from(half, 'base64url')]));
  await writeFile(file, `${numbers}\n`, { mode: 0o600, flag: 'wx', flush: true });
  return walletOf(privateKey);
}

function readSecret(file: string, text: string): KeyObject {
  const numbers = decodeJson(WalletFile, text);
  const bytes = Buffer.from(numbers.ok ? numbers.value : []);
  const d = bytes.toString('base64url', 0, HALF);
  const x = bytes.toString('base64url', HALF);
  const secret = openJwk({ kty: 'OKP', crv: 'Ed25519', d, x });
  if (secret !== undefined) return secret;
  throw new Error(`${file} is no wallet file: expected 64 numbers, a secret and its public key`);
}

function walletOf(secret: KeyObject): Wallet {
  const { x = '' } = createPublicKey(secret).export({ format: 'jwk' });
  const key = new Uint8Array(Buffer.from(x, 'base64url'));
  return {
    key,
    address: encodeBase58(key) as Address,
    sign: (message) => encodeTransaction(message, [sign(null, message.bytes, secret)]),
  };
}
