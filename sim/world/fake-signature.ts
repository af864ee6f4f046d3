import { digest } from '#protocol/bytes/digest.ts';
import { type Signed, type SigningContext, signingBytes } from '#protocol/bytes/signature.ts';
import type { Nonce, PublicKey, Signature } from '#protocol/values/ids.ts';

/**
 * Fake signatures for the simulator: SHA-256 of key and bytes, said twice. Anyone can forge them,
 * and nobody here does; real Ed25519 would cost a simulated day an hour.
 */
export function fakeSign(key: PublicKey, context: SigningContext, record: unknown): Signature {
  const bytes = signingBytes(context, record);
  const keyed = new Uint8Array(bytes.length + key.length);
  keyed.set(bytes);
  keyed.set(new TextEncoder().encode(key), bytes.length);
  const half = digest(keyed);
  return `${half}${half}` as Signature;
}

/** Chance and fake signatures, as a core asks for them. */
export const fakeKeys = (own: PublicKey, random: () => Nonce) => ({
  random,
  sign: (context: SigningContext, record: unknown) => fakeSign(own, context, record),
  verify: ({ key, context, record, signature }: Signed) =>
    fakeSign(key, context, record) === signature,
});
