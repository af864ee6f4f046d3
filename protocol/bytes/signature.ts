import { ed25519 } from '@noble/curves/ed25519.js';
import { hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import type { PublicKey, Signature } from '../values/ids.ts';
import { canonicalJson } from './canonical-json.ts';

/** Each kind of record is signed under a name of its own, so that no signature fits two kinds. */
export type SigningContext =
  | 'hello'
  | 'welcome'
  | 'commitment'
  | 'log-entry'
  | 'tree-head'
  | 'verdict'
  | 'evidence'
  | 'epoch'
  | 'payout'
  | 'profile'
  | 'receipt';

/** The bytes that are signed: `pocketgrid/<context>@1\n` and canonical JSON (RFC 8785). */
export const signingBytes = (context: SigningContext, record: unknown): Uint8Array<ArrayBuffer> =>
  new Uint8Array(utf8ToBytes(`pocketgrid/${context}@1\n${canonicalJson(record)}`));

/** Ed25519 (RFC 8032) in plain JavaScript, about 1 ms; edges may have their platform's. */
export function verifySignature(key: PublicKey, bytes: Uint8Array, signature: Signature): boolean {
  try {
    return ed25519.verify(hexToBytes(signature), bytes, hexToBytes(key));
  } catch {
    return false;
  }
}

/** A record and what is said to be its signature. */
export interface Signed {
  key: PublicKey;
  context: SigningContext;
  record: unknown;
  signature: Signature;
}

/** Whether a signature is that of its signer, over this record and no other kind of record. */
export const isSigned = ({ key, context, record, signature }: Signed): boolean =>
  verifySignature(key, signingBytes(context, record), signature);
