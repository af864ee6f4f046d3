import { generateKeyPairSync, sign } from 'node:crypto';
import { type SigningContext, signingBytes } from '#protocol/bytes/signature.ts';
import type { PublicKey, Signature } from '#protocol/values/ids.ts';

/** A fresh Ed25519 key that signs records as a real device's does. */
export interface Identity {
  key: PublicKey;
  sign(context: SigningContext, record: unknown): Signature;
}

export function makeIdentity(): Identity {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const { x = '' } = publicKey.export({ format: 'jwk' });
  return {
    key: Buffer.from(x, 'base64url').toString('hex') as PublicKey,
    sign: (context, record) =>
      sign(null, signingBytes(context, record), privateKey).toString('hex') as Signature,
  };
}
