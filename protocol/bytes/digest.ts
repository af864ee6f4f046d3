import { hmac } from '@noble/hashes/hmac.js';
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import type { Digest, LeaseId, Nonce, PublicKey } from '../values/ids.ts';
import { canonicalJson } from './canonical-json.ts';

export { bytesToHex, concatBytes, hexToBytes, utf8ToBytes };
/** Length of a SHA-256, bytes. */
export const DIGEST_BYTES = 32;

/** SHA-256 (FIPS 180-4) in plain JavaScript; edges that hash much use their platform's. */
export const sha256 = (data: Uint8Array): Uint8Array => nobleSha256(data);
/** HMAC-SHA-256 (RFC 2104, FIPS 198-1). */
export const hmacSha256 = (key: Uint8Array, message: Uint8Array): Uint8Array =>
  hmac(nobleSha256, key, message);
/** SHA-256 in lower-case hex. */
export const digest = (data: Uint8Array): Digest => bytesToHex(sha256(data)) as Digest;

/** The digest at a place of many, end to end. */
export const digestAt = (digests: Uint8Array, place: number): Digest =>
  bytesToHex(digests.subarray(place * DIGEST_BYTES, (place + 1) * DIGEST_BYTES)) as Digest;

/** The id of a record: SHA-256 of its canonical JSON. */
export const digestRecord = (record: unknown): Digest => digest(utf8ToBytes(canonicalJson(record)));

/**
 * What a device commits to before it can know which units are checked:
 * SHA-256(`pocketgrid/commitment@1\n` ‖ lease ‖ device ‖ salt ‖ SHA-256(unit digests)), with the
 * ids as raw bytes (16, 32, 32, 32). Where the package has taps, the digest of the taps of all
 * units follows, under `pocketgrid/commitment-with-taps@1\n`.
 */
export function digestCommitment(
  commitment: {
    lease: LeaseId;
    device: PublicKey;
    salt: Nonce;
    /** 32 bytes per unit, end to end. */
    digests: Uint8Array;
    /** SHA-256 of the digests of each unit's taps, end to end. */
    taps?: Digest | undefined;
  },
  hash: Sha256 = sha256,
): Digest {
  const { taps } = commitment;
  return bytesToHex(
    hash(
      concatBytes(
        utf8ToBytes(`pocketgrid/commitment${taps === undefined ? '' : '-with-taps'}@1\n`),
        hexToBytes(commitment.lease),
        hexToBytes(commitment.device),
        hexToBytes(commitment.salt),
        hash(commitment.digests),
        ...(taps === undefined ? [] : [hexToBytes(taps)]),
      ),
    ),
  ) as Digest;
}

/** A synchronous SHA-256: 32 bytes out. Edges pass their platform's where it is faster. */
export type Sha256 = (data: Uint8Array) => Uint8Array;
