import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesToHex, digest, hexToBytes, sha256 } from '../bytes/digest.ts';
import type { Digest, Signature } from '../values/ids.ts';
import { compareTensors } from './comparison.ts';
import {
  FINGERPRINT_BYTES_MAX,
  openProjection,
  PROJECTION_SIZE,
  projectionSeed,
  projectTaps,
  readTaps,
  settleTaps,
} from './fingerprint.ts';

const vectors: {
  seed: string;
  taps: string[];
  scales: number[];
  fingerprint: string;
  digest: string;
}[] = JSON.parse(readFileSync(new URL('../vectors/fingerprint.json', import.meta.url), 'utf8'));

const commitments = JSON.parse(
  readFileSync(new URL('../vectors/commitment.json', import.meta.url), 'utf8'),
).filter((vector: { seed?: string }) => vector.seed !== undefined) as {
  units: number;
  logSignature: Signature;
  commitment: Digest;
  seed: string;
}[];

const seedOf = (number: number) => sha256(Uint8Array.of(number & 255, number >>> 8));
const ONES = [1, 1, 1, 1];

/** Values that repeat from a number, in −1..1. */
const tapOf = (seed: number, length: number) =>
  Float32Array.from({ length }, (_, place) => Math.sin(seed * 7.1 + place * place * 0.37 + place));

const distance = (a: Uint8Array, b: Uint8Array) => compareTensors(a, b, 'f16').l2;

describe('a fingerprint', () => {
  const taps = [1, 2, 3, 4].map((seed) => tapOf(seed, 384));

  it('has 256 bytes for four taps of any width', () => {
    for (const length of [1, 64, 768]) {
      const some = [1, 2, 3, 4].map((seed) => tapOf(seed, length));
      expect(projectTaps(some, seedOf(1), ONES)).toHaveLength(FINGERPRINT_BYTES_MAX);
    }
    expect(FINGERPRINT_BYTES_MAX).toBe(256);
  });

  it.each(vectors)('is that of the vector, bit for bit: seed $seed', (vector) => {
    const found = vector.taps.map((tap) => new Float32Array(hexToBytes(tap).slice().buffer));
    const seed = hexToBytes(vector.seed);
    expect(bytesToHex(projectTaps(found, seed, vector.scales))).toBe(vector.fingerprint);
    expect(digest(hexToBytes(vector.taps.join('')))).toBe(vector.digest);
  });

  it('is the same from a projection that has projected other units before', () => {
    const project = openProjection(seedOf(1), ONES);
    for (const length of [3, 40, 8]) {
      const some = [1, 2, 3, 4].map((seed) => tapOf(seed + length, length));
      expect(project(some)).toEqual(projectTaps(some, seedOf(1), ONES));
    }
  });

  it('is a sum of the values with signs, one sum for each place', () => {
    const view = (bytes: Uint8Array) => new DataView(bytes.buffer);
    const one = projectTaps([Float32Array.of(1)], seedOf(3), [1 / Math.sqrt(PROJECTION_SIZE)]);
    const signs = Array.from({ length: PROJECTION_SIZE }, (_, place) =>
      view(one).getUint16(place * 2, true),
    );
    // Halves of 1 and −1.
    expect(new Set(signs)).toEqual(new Set([0x3c00, 0xbc00]));
  });

  it('keeps distances: over seeds, the mean square is that of the taps', () => {
    const near = taps.map((tap) => tap.map((value, place) => value + (place % 5) * 1e-2));
    const apart = compareTensors(
      new Uint8Array((near[0] ?? tapOf(1, 1)).buffer),
      new Uint8Array((taps[0] ?? tapOf(1, 1)).buffer),
      'f32',
    ).l2;
    let squares = 0;
    const seeds = 60;
    for (let seed = 0; seed < seeds; seed += 1) {
      const [a, b] = [near, taps].map((each) => projectTaps(each.slice(0, 1), seedOf(seed), [1]));
      squares += distance(a ?? new Uint8Array(0), b ?? new Uint8Array(0)) ** 2;
    }
    expect(Math.sqrt(squares / seeds) / apart).toBeGreaterThan(0.85);
    expect(Math.sqrt(squares / seeds) / apart).toBeLessThan(1.15);
  });

  it('stays near for noise of an honest device and goes far for other taps', () => {
    const noisy = taps.map((tap) => tap.map((value) => value * (1 + 1e-6)));
    const others = [5, 6, 7, 8].map((seed) => tapOf(seed, 384));
    const right = projectTaps(taps, seedOf(1), ONES);
    expect(distance(projectTaps(noisy, seedOf(1), ONES), right)).toBeLessThan(1e-3);
    expect(distance(projectTaps(others, seedOf(1), ONES), right)).toBeGreaterThan(0.5);
  });

  it('of one seed says nothing under another: an answer kept from before is far', () => {
    fc.assert(
      fc.property(fc.nat(60_000), fc.nat(60_000), (a, b) => {
        fc.pre(a !== b);
        const [one, two] = [projectTaps(taps, seedOf(a), ONES), projectTaps(taps, seedOf(b), ONES)];
        expect(distance(one, two)).toBeGreaterThan(0.3);
      }),
      { numRuns: 20 },
    );
  });

  it('refuses a fifth tap and a scale that is none', () => {
    expect(() => projectTaps([...taps, tapOf(5, 4)], seedOf(1), [1, 1, 1, 1, 1])).toThrow(
      RangeError,
    );
    for (const scale of [0, -1, Number.NaN, Infinity]) {
      expect(() => projectTaps([tapOf(1, 4)], seedOf(1), [scale])).toThrow(RangeError);
    }
    expect(() => projectTaps([tapOf(1, 4)], seedOf(1), [])).toThrow(RangeError);
  });
});

describe('what binds it', () => {
  it.each(commitments)('is a seed of log signature and commitment: $units units', (vector) => {
    const { logSignature, commitment, seed } = vector;
    expect(bytesToHex(projectionSeed(logSignature, commitment))).toBe(seed);
  });
});

describe('the bytes of taps', () => {
  const specs = [1, 2].map((number) => ({ name: `${number}`, dtype: 'f32' as const, shape: [2] }));
  const bytes = (values: number[]) => new Uint8Array(Float32Array.from(values).buffer);

  it('are read back, whatever their alignment', () => {
    const unit = new Uint8Array(17);
    unit.set(bytes([1, 2, 3, 4]), 1);
    expect(readTaps(specs, unit.subarray(1)).map((tap) => [...tap])).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  it('hold 0 for what is no number, so that a fingerprint never holds NaN', () => {
    const unit = bytes([Number.NaN, Infinity, -Infinity, 3]);
    settleTaps(unit);
    expect(unit).toEqual(bytes([0, 0, 0, 3]));
    const huge = [Float32Array.of(3.4e38, -3.4e38, 3.4e38, 3.4e38)];
    const halves = new Uint16Array(projectTaps(huge, seedOf(1), [1e-3]).buffer);
    expect(halves.some((half) => (half & 0x7fff) > 0x7c00)).toBe(false);
  });
});
