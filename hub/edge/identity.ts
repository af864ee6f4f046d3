import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomUUID,
  sign as signBytes,
  verify as verifyBytes,
} from 'node:crypto';
import { chmod, link, mkdir, open, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as v from 'valibot';
import { decodeJson } from '#protocol/decode.ts';
import { PublicKey, type Signature } from '#protocol/ids.ts';
import { PocketgridError, refusal } from '#protocol/refusal.ts';
import { type SigningContext, signingBytes } from '#protocol/signature.ts';
import type { Signed } from '../core/events.ts';

/** Keys kept ready for `verify`: more than the devices of a busy minute, about 1 kB each. */
const KEYS_CACHED_MAX = 4096;

/** A signer whose private key stays in this process and its file. */
export interface Identity {
  publicKey: PublicKey;
  sign(context: SigningContext, record: unknown): Signature;
}

const IdentityFile = v.strictObject({
  kty: v.literal('OKP'),
  crv: v.literal('Ed25519'),
  d: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{43}$/)),
  x: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{43}$/)),
});

/**
 * Opens the Ed25519 key in `file` (a JSON Web Key, RFC 8037), making it on first use with mode
 * 0600. Throws `storage-failed` for a file that holds no such key: it is never overwritten.
 */
export async function openIdentity(file: string): Promise<Identity> {
  const text = await readKeyFile(file);
  const decoded = decodeJson(IdentityFile, text);
  if (!decoded.ok) throw unusable(file);
  const jwk = decoded.value;
  const key = loadKey(jwk, file);
  const derived = createPublicKey(key).export({ format: 'jwk' });
  if (derived.x !== jwk.x) throw unusable(file);
  return {
    publicKey: Buffer.from(jwk.x, 'base64url').toString('hex') as PublicKey,
    sign: (context, record) =>
      signBytes(null, signingBytes(context, record), key).toString('hex') as Signature,
  };
}

function loadKey(jwk: v.InferOutput<typeof IdentityFile>, file: string): KeyObject {
  try {
    return createPrivateKey({ key: { ...jwk }, format: 'jwk' });
  } catch {
    throw unusable(file);
  }
}

async function readKeyFile(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  await makeKeyFile(file);
  return await readFile(file, 'utf8');
}

/** Written beside and linked into place, so that two processes starting at once agree on one key. */
async function makeKeyFile(file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const { privateKey } = generateKeyPairSync('ed25519');
  const draft = `${file}.${randomUUID()}`;
  const handle = await open(draft, 'wx', 0o600);
  try {
    await handle.writeFile(JSON.stringify(privateKey.export({ format: 'jwk' })));
    await handle.sync();
  } finally {
    await handle.close();
  }
  try {
    await chmod(draft, 0o600);
    await link(draft, file);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT';

const unusable = (file: string): PocketgridError =>
  new PocketgridError(
    refusal(
      'storage-failed',
      `${file} holds no Ed25519 key; restore it from a backup, or move it away to start as a new identity`,
    ),
  );

/** Public keys turned into key objects once: that costs about as much as one verification. */
const keys = new Map<PublicKey, KeyObject>();

/** Checks an Ed25519 signature over `signingBytes`. A malformed key or signature is just false. */
export function verify({ key, context, record, signature }: Signed): boolean {
  const keyObject = keys.get(key) ?? rememberKey(key);
  if (keyObject === undefined || signature.length !== 128) return false;
  const raw = Buffer.from(signature, 'hex');
  return raw.length === 64 && verifyBytes(null, signingBytes(context, record), keyObject, raw);
}

function rememberKey(key: PublicKey): KeyObject | undefined {
  if (!v.is(PublicKey, key)) return undefined;
  const x = Buffer.from(key, 'hex').toString('base64url');
  try {
    const keyObject = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    const oldest = keys.size >= KEYS_CACHED_MAX ? keys.keys().next().value : undefined;
    if (oldest !== undefined) keys.delete(oldest);
    keys.set(key, keyObject);
    return keyObject;
  } catch {
    return undefined;
  }
}
