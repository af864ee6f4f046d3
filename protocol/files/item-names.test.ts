import fc from 'fast-check';
import { expect, test } from 'vitest';
import { packNames, unpackNames } from './item-names.ts';

test('names of items are the same once they were packed, in any range', () => {
  const names = fc.array(fc.constantFrom('a.png', 'b.png', 'ü'), { maxLength: 30 });
  fc.assert(
    fc.property(names, fc.nat(30), fc.nat(30), (all, from, to) => {
      expect([...unpackNames(packNames(all), from, to)]).toEqual(all.slice(from, to));
    }),
  );
});

test('a million items of one file are one entry, and items of a file each are their names', () => {
  const many = Array.from({ length: 1_000_000 }, () => 'part-1.jsonl');
  expect(packNames(many)).toEqual([['part-1.jsonl', 1_000_000]]);
  expect(packNames(['a.png', 'b.png'])).toEqual(['a.png', 'b.png']);
});
