import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../bytes/digest.ts';
import { encodeHalf } from '../bytes/float16.ts';
import { decodeWith } from '../values/decode.ts';
import { FINGERPRINT_BYTES_MAX, fingerprintBytes, projectTaps } from './fingerprint.ts';
import {
  checkFingerprint,
  FINGERPRINT_L2,
  FingerprintCheck,
  fingerprintFault,
} from './fingerprint-check.ts';

const SEED = sha256(Uint8Array.of(1));
const SCALES = [1, 1, 1, 1];
const TAPS = SCALES.map((_, tap) =>
  Float32Array.from({ length: 200 }, (_, at) => Math.sin(tap * 7 + at * at * 0.3 + at)),
);
const RIGHT = projectTaps(TAPS, SEED, SCALES);
/** The fingerprint where one tap is off by a share of itself in every second value. */
const withTap = (tap: number, share: number) =>
  projectTaps(
    TAPS.map((values, place) =>
      place === tap
        ? values.map((value, at) => (at % 2 === 0 ? value * (1 + share) : value))
        : values,
    ),
    SEED,
    SCALES,
  );

describe('a fingerprint check', () => {
  it('finds nothing where the bytes are the same, and fits the schema at its longest', () => {
    for (const lane of ['exact', 'tolerance'] as const) {
      const check = checkFingerprint(RIGHT, RIGHT, lane);
      expect(check).toMatchObject({ l2: [0, 0, 0, 0] });
      expect(check.deviates).toBeUndefined();
      expect(decodeWith(FingerprintCheck, check)).toMatchObject({ ok: true });
    }
    expect(RIGHT).toHaveLength(FINGERPRINT_BYTES_MAX);
  });

  it.each([0, 1, 2, 3])('names tap %i as the first that deviates', (tap) => {
    const wrong = withTap(tap, 0.05);
    for (const lane of ['exact', 'tolerance'] as const) {
      const { deviates, l2 } = checkFingerprint(wrong, RIGHT, lane);
      expect(deviates).toBe(tap);
      expect(l2.map((distance) => distance > FINGERPRINT_L2)).toEqual(
        SCALES.map((_, place) => place === tap),
      );
    }
  });

  it('sees any flipped bit on the exact lane; noise of rounding stays within on the other', () => {
    fc.assert(
      fc.property(fc.nat({ max: RIGHT.length - 1 }), fc.nat({ max: 7 }), (at, bit) => {
        const flipped = RIGHT.map((byte, place) => (place === at ? byte ^ (1 << bit) : byte));
        const { deviates } = checkFingerprint(flipped, RIGHT, 'exact');
        expect(deviates).toBe(Math.floor(at / fingerprintBytes(1)));
      }),
    );
    const noisy = TAPS.map((values) => values.map((value, at) => value * (1 + 1e-5 * (at % 3))));
    const near = projectTaps(noisy, SEED, SCALES);
    expect(checkFingerprint(near, RIGHT, 'exact').deviates).toBeDefined();
    expect(checkFingerprint(near, RIGHT, 'tolerance').deviates).toBeUndefined();
  });

  it('a fingerprint of another length, or with NaN or infinity in it, deviates', () => {
    const nan = RIGHT.slice();
    new DataView(nan.buffer).setUint16(fingerprintBytes(2), encodeHalf(Number.NaN), true);
    const infinite = RIGHT.slice();
    new DataView(infinite.buffer).setUint16(0, encodeHalf(Infinity), true);
    for (const lane of ['exact', 'tolerance'] as const) {
      expect(checkFingerprint(RIGHT.subarray(64), RIGHT, lane).deviates).toBe(0);
      expect(checkFingerprint(new Uint8Array(0), RIGHT, lane).deviates).toBe(0);
      expect(checkFingerprint(nan, RIGHT, lane).deviates).toBe(2);
      expect(checkFingerprint(infinite, RIGHT, lane).deviates).toBe(0);
    }
  });
});

describe('what a verdict says of a fingerprint', () => {
  const right = checkFingerprint(RIGHT, RIGHT, 'exact');
  const wrong = checkFingerprint(withTap(2, 0.05), RIGHT, 'exact');
  const said = (kind: string, fingerprint?: FingerprintCheck) => ({
    kind,
    lane: 'exact' as const,
    fingerprint,
  });

  it('holds where it is borne out by its own bytes', () => {
    expect(fingerprintFault(said('match', right), true)).toBeUndefined();
    expect(fingerprintFault(said('mismatch', wrong), true)).toBeUndefined();
    expect(fingerprintFault(said('mismatch', right), true)).toBeUndefined();
    expect(fingerprintFault(said('inconclusive'), true)).toBeUndefined();
    expect(fingerprintFault(said('match'), false)).toBeUndefined();
  });

  it.each([
    ['a match that compared none', said('match'), true],
    ['one where there are no taps', said('match', right), false],
    ['a match that deviates', said('match', wrong), true],
    ['a deviation left out', said('match', { ...wrong, deviates: undefined }), true],
    ['a deviation made up', said('mismatch', { ...right, deviates: 1 }), true],
    ['another tap than the first', said('mismatch', { ...wrong, deviates: 3 }), true],
    ['distances made up', said('match', { ...right, l2: [0, 0, 1e-9, 0] }), true],
    ['a distance left out', said('match', { ...right, l2: [0, 0, 0] }), true],
    ['another version', said('match', { ...right, version: 'other@1' }), true],
    ['bytes that cannot be read', said('match', { ...right, claimed: '*' }), true],
  ])('%s is a fault', (_what, verdict, tapped) => {
    expect(fingerprintFault(verdict, tapped)).toMatch(/\w/);
  });
});
