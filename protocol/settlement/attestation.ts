import { concatBytes, sha256, utf8ToBytes } from '../bytes/digest.ts';
import { PROGRAMS } from './addresses.ts';
import { encode, type Key, key, struct, u16, u32, u64, type ValueOf } from './layout.ts';
import type { Instruction } from './transaction.ts';

/** What verifiers sign, as `programs/settlement/src/attestation.rs` draws it. */
const SIGNED_PREFIX = utf8ToBytes('pocketgrid/settlement@1\n');
const CONTENT_PREFIX = utf8ToBytes('pocketgrid/epoch@1\n');
const DIGEST_PREFIX = utf8ToBytes('pocketgrid/attestation@1\n');

/** What a period comes to: the same for every honest verifier. */
export const Content = struct({
  claimRoot: key,
  spendRoot: key,
  total: u64,
  claimLeafCount: u32,
  spendLeafCount: u32,
  dataHash: key,
});
export type Content = ValueOf<typeof Content>;

/** Where and when it counts. `attempt` rises when a pending root is thrown out. */
export const Place = struct({
  clusterTag: key,
  program: key,
  pool: key,
  setId: u32,
  period: u64,
  attempt: u64,
  previous: key,
});
export type Place = ValueOf<typeof Place>;

/** SHA-256 of what a root says. */
export const hashContent = (content: Content): Key =>
  sha256(concatBytes(CONTENT_PREFIX, encode(Content, content)));

/** SHA-256 of what a verifier signs; `expiresAt` in seconds since 1970. */
export const hashAttestation = (place: Place, content: Key, expiresAt: bigint): Key =>
  sha256(concatBytes(DIGEST_PREFIX, encode(Place, place), content, encode(u64, expiresAt)));

/** The 56 bytes a verifier's key signs. */
export const attestedBytes = (digest: Key): Uint8Array => concatBytes(SIGNED_PREFIX, digest);

const Offsets = struct({
  signatureAt: u16,
  signatureIn: u16,
  keyAt: u16,
  keyIn: u16,
  messageAt: u16,
  messageBytes: u16,
  messageIn: u16,
});
const SIGNER_BYTES = 96;
const HERE = 0xffff;

/** The chain's own Ed25519 check, in the one form the program takes (`precompile.rs`). */
export function checkSignatures(
  message: Uint8Array,
  signatures: readonly { key: Key; signature: Uint8Array }[],
): Instruction {
  const first = 2 + signatures.length * Offsets.bytes;
  const messageAt = first + signatures.length * SIGNER_BYTES;
  const offsets = signatures.map((_, position) => {
    const keyAt = first + position * SIGNER_BYTES;
    return encode(Offsets, {
      signatureAt: keyAt + 32,
      signatureIn: HERE,
      keyAt,
      keyIn: HERE,
      messageAt,
      messageBytes: message.length,
      messageIn: HERE,
    });
  });
  const signers = signatures.flatMap(({ key, signature }) => [key, signature]);
  const count = Uint8Array.of(signatures.length, 0);
  return {
    program: PROGRAMS.ed25519,
    accounts: [],
    data: concatBytes(count, ...offsets, ...signers, message),
  };
}
