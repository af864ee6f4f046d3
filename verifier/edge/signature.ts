import { createPublicKey, type KeyObject, verify as verifyBytes } from 'node:crypto';
import { signingBytes } from '#protocol/signature.ts';
import type { Verify } from '../core/audit.ts';
import type { Signed } from '../core/events.ts';

/** Checks Ed25519 signatures, about 0.1 ms each, keeping the keys it met. Malformed ones are false. */
export function openVerify(): Verify {
  const keys = new Map<string, KeyObject | undefined>();
  return ({ key, context, record, signature }: Signed) => {
    if (!keys.has(key)) keys.set(key, readKey(key));
    const found = keys.get(key);
    if (found === undefined) return false;
    return verifyBytes(null, signingBytes(context, record), found, Buffer.from(signature, 'hex'));
  };
}

function readKey(key: string): KeyObject | undefined {
  const x = Buffer.from(key, 'hex').toString('base64url');
  try {
    return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  } catch {
    return undefined;
  }
}
