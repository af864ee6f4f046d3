import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
  randomUUID,
  sign,
} from 'node:crypto';
import { chmod, link, mkdir, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type SigningContext, signingBytes } from '#protocol/bytes/signature.ts';
import type { PublicKey, Signature } from '#protocol/values/ids.ts';
import { PocketgridError, refusal } from '#protocol/values/refusal.ts';
import { hasCode, readTextIfThere, syncFolder, writeDurably } from './files.ts';

/** A signer whose private key stays in this process and its file. */
export interface KeyFile {
  /** The public key, in hex. */
  key: PublicKey;
  /** Signs the canonical JSON of a record, under the name of its kind. */
  sign(context: SigningContext, record: unknown): Signature;
  /** 64 bytes over bytes as they are: for the chain, whose messages begin in a way of their own. */
  signBytes(bytes: Uint8Array): Uint8Array;
}

/**
 * Opens the Ed25519 key in `file` (a JSON Web Key, RFC 8037), making it on first use with mode
 * 0600. Throws `storage-failed` for a file that holds no such key: it is never overwritten.
 */
export async function openKeyFile(file: string): Promise<KeyFile> {
  const secret = readKey(await readOrMake(file));
  if (secret === undefined) throw unusable(file);
  const { x = '' } = createPublicKey(secret).export({ format: 'jwk' });
  return {
    key: Buffer.from(x, 'base64url').toString('hex') as PublicKey,
    sign: (context, record) =>
      sign(null, signingBytes(context, record), secret).toString('hex') as Signature,
    signBytes: (bytes) => new Uint8Array(sign(null, bytes, secret)),
  };
}

/** The key in the text of a file; undefined for any other text. */
function readKey(text: string): KeyObject | undefined {
  try {
    return openJwk(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** The Ed25519 key of a JSON Web Key; undefined for any other, and for halves of two keys. */
export function openJwk(jwk: JsonWebKey): KeyObject | undefined {
  try {
    const key = createPrivateKey({ key: jwk, format: 'jwk' });
    const isWhole =
      key.asymmetricKeyType === 'ed25519' &&
      createPublicKey(key).export({ format: 'jwk' }).x === jwk.x;
    return isWhole ? key : undefined;
  } catch {
    return undefined;
  }
}

async function readOrMake(file: string): Promise<string> {
  const text = await readTextIfThere(file);
  if (text !== undefined) return text;
  await makeKey(file);
  return await readFile(file, 'utf8');
}

/** Written beside and linked into place: two processes starting at once agree on one key. */
async function makeKey(file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const { privateKey } = generateKeyPairSync('ed25519');
  const draft = `${file}.${randomUUID()}`;
  await writeDurably(draft, JSON.stringify(privateKey.export({ format: 'jwk' })), { flag: 'wx' });
  try {
    await chmod(draft, 0o600);
    await link(draft, file);
    await syncFolder(dirname(file));
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

const unusable = (file: string): PocketgridError =>
  new PocketgridError(
    refusal(
      'storage-failed',
      `${file} holds no Ed25519 key; restore it from a backup, or move it away to start as a new identity`,
    ),
  );
