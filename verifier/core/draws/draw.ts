import { concatBytes, hexToBytes, sha256 } from '#protocol/bytes/digest.ts';
import {
  type CheckPolicy,
  checkThreshold,
  ppmThreshold,
  REVIEW_PPM,
  sharersOf,
  shareThreshold,
} from '#protocol/checks/check-policy.ts';
import type { Digest, Nonce, Signature } from '#protocol/values/ids.ts';

const BLOCK_BYTES = 64;
const contextOf = (name: string) => Uint8Array.from(name, (character) => character.charCodeAt(0));
const CONTEXT = contextOf('pocketgrid/draw@1');
const REVIEW_CONTEXT = contextOf('pocketgrid/review@1');

/** HMAC-SHA-256 (RFC 2104, FIPS 198-1) for keys of at most one block. */
export function hmacSha256(key: Uint8Array, message: Uint8Array): Uint8Array {
  if (key.length > BLOCK_BYTES) throw new RangeError('an HMAC key here has at most 64 bytes');
  const inner = new Uint8Array(BLOCK_BYTES).fill(0x36);
  const outer = new Uint8Array(BLOCK_BYTES).fill(0x5c);
  for (const [place, byte] of key.entries()) {
    inner[place] = byte ^ 0x36;
    outer[place] = byte ^ 0x5c;
  }
  return sha256(concatBytes(outer, sha256(concatBytes(inner, message))));
}

/** The commitment to a seed, logged before its first draw: SHA-256 of its 32 bytes. */
export const commitSeed = (seed: Nonce): Uint8Array => sha256(hexToBytes(seed));

/**
 * The draw of one unit, in [0, 2^64): the first 8 bytes, big-endian, of
 * HMAC-SHA-256(seed, `pocketgrid/draw@1` ‖ commitment (32) ‖ unit (u64, big-endian)).
 * Anyone can recompute it once the seed is revealed.
 */
export function drawValue(seed: Nonce, commitment: Digest, unit: number): bigint {
  const place = new Uint8Array(8);
  new DataView(place.buffer).setBigUint64(0, BigInt(unit));
  return keyedValue(seed, CONTEXT, hexToBytes(commitment), place);
}

function keyedValue(seed: Nonce, ...message: Uint8Array[]): bigint {
  const mac = hmacSha256(hexToBytes(seed), concatBytes(...message));
  return new DataView(mac.buffer, mac.byteOffset, 8).getBigUint64(0);
}

/**
 * Whether another's verdict is done again: HMAC-SHA-256(seed, `pocketgrid/review@1` ‖ signature
 * (64)), likewise, lies under 2 %. Nobody else knows before the seed is revealed.
 */
export function isReviewDrawn(seed: Nonce, signature: Signature, ppm = REVIEW_PPM): boolean {
  return keyedValue(seed, REVIEW_CONTEXT, hexToBytes(signature)) < ppmThreshold(ppm);
}

/**
 * The units of a shard that are checked: those whose draw lies under the threshold of their own
 * p_n, or under this verifier's part of `floorPpm` parts per million where that is more. `standing`
 * counts the units its device has behind it (`AcceptedShard.standing`).
 */
export function drawUnits(
  { seed, policy }: { seed: Nonce; policy: CheckPolicy },
  shard: { commitment: Digest; firstUnit: number; unitCount: number; standing: number },
  floorPpm = 0,
): number[] {
  const floor = shareThreshold(ppmThreshold(floorPpm), sharersOf(policy));
  const units: number[] = [];
  for (let place = 0; place < shard.unitCount; place += 1) {
    const usual = checkThreshold(policy, shard.standing + place + 1);
    if (usual === 0n && floor === 0n) continue;
    const unit = shard.firstUnit + place;
    const value = drawValue(seed, shard.commitment, unit);
    if (value < usual || value < floor) units.push(unit);
  }
  return units;
}
