import * as v from 'valibot';
import { decodeBase64, encodeBase64 } from '../bytes/base64.ts';
import { TAPS_MAX } from '../models/package.ts';
import { Count } from '../values/units.ts';
import { compareTensors, DISTANCE_MAX, isWithin } from './comparison.ts';
import { FINGERPRINT_BYTES_MAX, fingerprintBytes } from './fingerprint.ts';

/** Names the rule below: any change that could turn one verdict into another takes a new number. */
export const FINGERPRINT_CHECK_VERSION = 'pocketgrid/fingerprint-check@1';

/**
 * How far a tap may be from the exact lane's on the tolerance lane, ‖a−b‖₂ ÷ ‖b‖₂ of its 32 halves.
 * Twice what rounding to halves alone can do. Weights of 8 bits went past it in every unit that was
 * tried, weights in halves hardly ever: those are told by their outputs.
 */
export const FINGERPRINT_L2 = 2e-3;

/** The bytes of one unit's fingerprint, in base64. */
export const Fingerprint = v.pipe(
  v.string(),
  v.base64(),
  v.maxLength(Math.ceil(FINGERPRINT_BYTES_MAX / 3) * 4),
);

/** What a device revealed of a unit's inside, what a verifier found, and how far apart. */
export const FingerprintCheck = v.strictObject({
  version: v.pipe(v.string(), v.maxLength(60)),
  claimed: Fingerprint,
  reference: Fingerprint,
  /** Distance of each tap, the shallowest first. */
  l2: v.pipe(v.array(v.number()), v.maxLength(TAPS_MAX)),
  /** The first tap that deviates, counted from 0: the fault lies at its depth or before it. */
  deviates: v.optional(Count),
});
export type FingerprintCheck = v.InferOutput<typeof FingerprintCheck>;

type Lane = 'exact' | 'tolerance';

/**
 * Compares a unit's fingerprint with the exact lane's. On the exact lane a tap deviates where one
 * byte differs, on the tolerance lane where it lies further than `FINGERPRINT_L2`.
 */
export function checkFingerprint(
  claimed: Uint8Array,
  reference: Uint8Array,
  lane: Lane,
): FingerprintCheck {
  const size = fingerprintBytes(1);
  const taps = Array.from({ length: reference.length / size }, (_, tap) => tap);
  const part = (bytes: Uint8Array, tap: number) => bytes.subarray(tap * size, (tap + 1) * size);
  const l2 = taps.map((tap) =>
    claimed.length === reference.length
      ? compareTensors(part(claimed, tap), part(reference, tap), 'f16').l2
      : DISTANCE_MAX,
  );
  const deviates = taps.find((tap) => {
    if (claimed.length !== reference.length) return true;
    const theirs = part(claimed, tap);
    return lane === 'exact'
      ? part(reference, tap).some((byte, at) => byte !== theirs[at])
      : !isWithin({ l2: l2[tap] ?? DISTANCE_MAX, max: 0 }, { l2: FINGERPRINT_L2, max: 0 });
  });
  return {
    version: FINGERPRINT_CHECK_VERSION,
    claimed: encodeBase64(claimed),
    reference: encodeBase64(reference),
    l2,
    ...(deviates === undefined ? {} : { deviates }),
  };
}

/**
 * What is wrong with what a verdict says of the inside of a unit: it must be borne out by its own
 * fingerprints, compared again. `tapped` tells whether the package has taps.
 */
export function fingerprintFault(
  verdict: { kind: string; lane: Lane; fingerprint?: FingerprintCheck | undefined },
  tapped: boolean,
): string | undefined {
  const { kind, lane, fingerprint } = verdict;
  if (fingerprint === undefined) {
    const missing = tapped && kind === 'match';
    return missing ? 'says match and compares no fingerprint, although there are taps' : undefined;
  }
  if (!tapped) return 'compares fingerprints, although there are no taps';
  if (!holds(fingerprint, lane)) {
    return 'measures its fingerprints wrongly: compared again they give another distance';
  }
  return kind === 'match' && fingerprint.deviates !== undefined
    ? 'says match although the inside of the unit deviates'
    : undefined;
}

function holds(check: FingerprintCheck, lane: Lane): boolean {
  const [claimed, reference] = [decodeBase64(check.claimed), decodeBase64(check.reference)];
  if (!claimed.ok || !reference.ok || check.version !== FINGERPRINT_CHECK_VERSION) return false;
  const again = checkFingerprint(claimed.value, reference.value, lane);
  return (
    again.deviates === check.deviates &&
    again.l2.length === check.l2.length &&
    again.l2.every((distance, tap) => distance === check.l2[tap])
  );
}
