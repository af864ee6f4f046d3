import { createPublicKey, type KeyObject, verify as verifyBytes } from 'node:crypto';
import * as v from 'valibot';
import { type Signed, signingBytes } from '#protocol/bytes/signature.ts';
import { PublicKey } from '#protocol/values/ids.ts';
import { openBoundedMap } from './bounded-map.ts';

/** Keys kept ready: more than the devices of a busy minute, about 1 kB each. */
const KEYS_CACHED_MAX = 4096;

/**
 * Checks Ed25519 signatures over `signingBytes`, about 0.1 ms each. A malformed key or signature is
 * just false. Making a key object costs about as much as one check, so the newest keys are kept.
 */
export function verify({ key, context, record, signature }: Signed): boolean {
  const keyObject = keys.get(key) ?? rememberKey(key);
  if (keyObject === undefined || signature.length !== 128) return false;
  const raw = Buffer.from(signature, 'hex');
  return raw.length === 64 && verifyBytes(null, signingBytes(context, record), keyObject, raw);
}

const keys = openBoundedMap<PublicKey, KeyObject>(KEYS_CACHED_MAX);

function rememberKey(key: PublicKey): KeyObject | undefined {
  if (!v.is(PublicKey, key)) return undefined;
  const x = Buffer.from(key, 'hex').toString('base64url');
  try {
    const keyObject = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    keys.set(key, keyObject);
    return keyObject;
  } catch {
    return undefined;
  }
}
