import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  decodeIndex,
  encodeIndex,
  indexBytes,
  layOut,
  type OutputSize,
  segmentBytes,
} from './segment-index.ts';

const sizes = fc.uniqueArray(
  fc.record({
    number: fc.maxSafeNat(),
    firstUnit: fc.nat(20),
    outputs: fc.nat(2 ** 20),
    fingerprints: fc.nat(2 ** 10),
  }),
  { selector: ({ number }) => number, maxLength: 60 },
);

it('an index finds each of its shards, and no other', () => {
  fc.assert(
    fc.property(sizes, fc.maxSafeNat(), (all, other) => {
      const entries = layOut(all);
      const index = decodeIndex(encodeIndex(entries));
      for (const entry of entries) expect(index?.find(entry.number)).toEqual(entry);
      for (const { number, outputs, fingerprints } of all) {
        const found = index?.find(number);
        expect([found?.outputs.length, found?.fingerprints.length]).toEqual([
          outputs,
          fingerprints,
        ]);
      }
      const isKnown = all.some(({ number }) => number === other);
      if (!isKnown) expect(index?.find(other)).toBeUndefined();
    }),
  );
});

it('bytes of shards fill a segment behind its index, outputs first, each in the order of units', () => {
  fc.assert(
    fc.property(sizes, (all) => {
      const entries = layOut(all);
      const places = [
        ...entries.map(({ outputs }) => outputs),
        ...entries.map(({ fingerprints }) => fingerprints),
      ];
      let end = indexBytes(all.length);
      for (const { at, length } of places) {
        expect(at).toBe(end);
        end += length;
      }
      expect(end).toBe(segmentBytes(all));
      const unitOf = new Map(all.map(({ number, firstUnit }) => [number, firstUnit]));
      const units = entries.map(({ number }) => unitOf.get(number) ?? -1);
      expect(units).toEqual([...units].sort((a, b) => a - b));
    }),
  );
});

it('bytes that are no index, or not all of one, are refused', () => {
  const one: OutputSize = { number: 7, firstUnit: 0, outputs: 5, fingerprints: 0 };
  const whole = encodeIndex(layOut([one, { ...one, number: 9 }]));
  expect(decodeIndex(whole)?.find(9)).toBeDefined();
  expect(decodeIndex(encodeIndex([]))?.find(9)).toBeUndefined();
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.nat(254), (at, change) => {
      expect(decodeIndex(whole.subarray(0, at))).toBeUndefined();
      if (at >= 16) return;
      const broken = whole.slice();
      broken[at] = ((broken[at] ?? 0) + 1 + change) % 256;
      expect(decodeIndex(broken)).toBeUndefined();
    }),
  );
});

it('an index has the bytes that its table says', () => {
  const shards = [
    { number: 2 ** 40 + 5, firstUnit: 0, outputs: 3, fingerprints: 2 },
    { number: 6, firstUnit: 9, outputs: 1, fingerprints: 0 },
  ];
  expect(Buffer.from(encodeIndex(layOut(shards))).toString('hex')).toBe(
    [
      Buffer.from('PGRIDOUT').toString('hex'),
      ...['01000000', '02000000'],
      ...['0600000000000000', '43000000', '01000000', '46000000', '00000000'],
      ...['0500000000010000', '40000000', '03000000', '44000000', '02000000'],
    ].join(''),
  );
});
