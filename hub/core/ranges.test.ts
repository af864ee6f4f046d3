import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addRun, openRanges, type Ranges, removeRun, takeAround, takeRun } from './ranges.ts';

const members = (ranges: Ranges): number[] =>
  ranges.runs.flatMap((run) =>
    Array.from({ length: run.end - run.first }, (_, offset) => run.first + offset),
  );

test('ranges behave as a set of unit numbers under any sequence of changes', () => {
  const change = fc.record({
    kind: fc.constantFrom('add', 'remove', 'take'),
    first: fc.nat(40),
    length: fc.nat(12),
  });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
      const ranges = openRanges(0, 20);
      const model = new Set(members(ranges));
      for (const { kind, first, length } of changes) {
        if (kind === 'add') {
          addRun(ranges, first, first + length);
          for (let unit = first; unit < first + length; unit += 1) model.add(unit);
        } else if (kind === 'remove') {
          removeRun(ranges, first, first + length);
          for (let unit = first; unit < first + length; unit += 1) model.delete(unit);
        } else {
          const taken = takeRun(ranges, length);
          expect(taken === undefined).toBe(model.size === 0 || length === 0);
          for (let unit = 0; unit < (taken?.count ?? 0); unit += 1) {
            expect(model.delete((taken?.first ?? 0) + unit)).toBe(true);
          }
        }
        expect(members(ranges)).toEqual([...model].sort((a, b) => a - b));
        expect(ranges.count).toBe(model.size);
      }
    }),
  );
});

test('what is taken around a unit holds it, is no longer than asked, and was there', () => {
  const holes = fc.array(fc.record({ first: fc.nat(20), length: fc.integer({ min: 1, max: 5 }) }));
  const asked = fc.record({
    unit: fc.nat(25),
    limit: fc.integer({ min: 1, max: 12 }),
    back: fc.nat(12),
  });
  fc.assert(
    fc.property(holes, asked, (gaps, around) => {
      const ranges = openRanges(0, 20);
      for (const { first, length } of gaps) removeRun(ranges, first, first + length);
      const before = members(ranges);
      const taken = takeAround(ranges, around);
      expect(taken === undefined).toBe(!before.includes(around.unit));
      const { first = 0, count = 0 } = taken ?? {};
      const units = Array.from({ length: count }, (_, at) => first + at);
      expect(units.includes(around.unit)).toBe(taken !== undefined);
      expect(units.length).toBeLessThanOrEqual(around.limit);
      expect([...members(ranges), ...units].sort((a, b) => a - b)).toEqual(before);
    }),
  );
});
