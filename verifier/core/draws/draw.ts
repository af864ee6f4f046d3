import {
  concatBytes,
  hexToBytes,
  hmacSha256,
  sha256,
  utf8ToBytes,
} from '#protocol/bytes/digest.ts';
import {
  type CheckPolicy,
  type CountedWork,
  checkThreshold,
  ppmThreshold,
  REVIEW_PPM,
  sharersOf,
  shareThreshold,
  unitNumber,
} from '#protocol/checks/check-policy.ts';
import type { Digest, Nonce, Signature } from '#protocol/values/ids.ts';

const CONTEXT = utf8ToBytes('pocketgrid/draw@1');
const REVIEW_CONTEXT = utf8ToBytes('pocketgrid/review@1');

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
 * p_n, or under this verifier's part of `floorPpm` parts per million where that is more.
 */
export function drawUnits(
  { seed, policy }: { seed: Nonce; policy: CheckPolicy },
  shard: CountedWork & { commitment: Digest; firstUnit: number; unitCount: number },
  floorPpm = 0,
): number[] {
  const floor = shareThreshold(ppmThreshold(floorPpm), sharersOf(policy));
  const first = unitNumber(shard);
  const units: number[] = [];
  for (let place = 0; place < shard.unitCount; place += 1) {
    const usual = checkThreshold(policy, first + place);
    if (usual === 0n && floor === 0n) continue;
    const unit = shard.firstUnit + place;
    const value = drawValue(seed, shard.commitment, unit);
    if (value < usual || value < floor) units.push(unit);
  }
  return units;
}
