import { bytesToHex } from '#protocol/bytes/digest.ts';
import { type SigningContext, signingBytes } from '#protocol/bytes/signature.ts';
import type { PublicKey, Signature } from '#protocol/values/ids.ts';

const ALGORITHM = 'Ed25519';

/** A device key of WebCrypto: in a browser its private half can never be read out. */
export interface Signer {
  key: PublicKey;
  sign(context: SigningContext, record: unknown): Promise<Signature>;
}

/** Throws where the platform has no Ed25519 (Chrome before 137, Safari before 17). */
export const makeKeyPair = async (extractable: boolean): Promise<CryptoKeyPair> =>
  (await crypto.subtle.generateKey(ALGORITHM, extractable, ['sign', 'verify'])) as CryptoKeyPair;

/** Signs with a device's Ed25519 key pair. */
export async function openSigner(pair: CryptoKeyPair): Promise<Signer> {
  const raw = await crypto.subtle.exportKey('raw', pair.publicKey);
  return {
    key: bytesToHex(new Uint8Array(raw)) as PublicKey,
    async sign(context, record) {
      const bytes = signingBytes(context, record);
      const signature = await crypto.subtle.sign(ALGORITHM, pair.privateKey, bytes);
      return bytesToHex(new Uint8Array(signature)) as Signature;
    },
  };
}
