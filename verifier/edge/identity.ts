import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from 'node:crypto';
import { link, mkdir, open, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as v from 'valibot';
import { decodeJson } from '#protocol/decode.ts';
import type { PublicKey, Signature } from '#protocol/ids.ts';
import { PocketgridError, refusal } from '#protocol/refusal.ts';
import { type SigningContext, signingBytes } from '#protocol/signature.ts';
import { hasCode } from './files.ts';

/** A signer whose private key stays in this process and its file. */
export interface Identity {
  key: PublicKey;
  sign(context: SigningContext, record: unknown): Signature;
  /** 64 bytes over bytes as they are: for the chain, whose messages begin in a way of their own. */
  signBytes(bytes: Uint8Array): Uint8Array;
}

const base64url32 = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{43}$/));
const KeyFile = v.strictObject({
  kty: v.literal('OKP'),
  crv: v.literal('Ed25519'),
  d: base64url32,
  x: base64url32,
});

/**
 * Opens the Ed25519 key in `file` (a JSON Web Key, RFC 8037), making it on first use with mode 0600.
 * Throws `storage-failed` for a file that holds no such key: it is never overwritten.
 */
export async function openIdentity(file: string): Promise<Identity> {
  const decoded = decodeJson(KeyFile, await readOrMake(file));
  if (!decoded.ok) throw unusable(file);
  const { x } = decoded.value;
  let secret: KeyObject;
  try {
    secret = createPrivateKey({ key: { ...decoded.value }, format: 'jwk' });
  } catch {
    throw unusable(file);
  }
  if (createPublicKey(secret).export({ format: 'jwk' }).x !== x) throw unusable(file);
  return {
    key: Buffer.from(x, 'base64url').toString('hex') as PublicKey,
    sign: (context, record) =>
      signWith(secret, signingBytes(context, record)).toString('hex') as Signature,
    signBytes: (bytes) => new Uint8Array(signWith(secret, bytes)),
  };
}

const signWith = (secret: KeyObject, bytes: Uint8Array): Buffer => sign(null, bytes, secret);

async function readOrMake(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
  }
  await makeKey(file);
  return await readFile(file, 'utf8');
}

/** Written beside and linked into place: two processes starting at once agree on one key. */
async function makeKey(file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const { privateKey } = generateKeyPairSync('ed25519');
  const draft = `${file}.${process.pid}.new`;
  const handle = await open(draft, 'w', 0o600);
  try {
    await handle.writeFile(JSON.stringify(privateKey.export({ format: 'jwk' })));
    await handle.sync();
  } finally {
    await handle.close();
  }
  try {
    await link(draft, file);
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
      `${file} holds no Ed25519 key; restore it from a backup, or move it away to start as a new verifier`,
    ),
  );
