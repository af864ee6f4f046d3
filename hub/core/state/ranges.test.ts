import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addRun, gapsBetween, openRanges, type Ranges, removeRun, takeRun } from './ranges.ts';

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

test('the gaps between runs are the units that no run holds', () => {
  const unit = fc.nat(40);
  fc.assert(
    fc.property(fc.array(fc.tuple(unit, unit)), unit, (pairs, end) => {
      const taken = openRanges(0, 0);
      for (const [first, length] of pairs) addRun(taken, first, Math.min(end, first + length));
      const gaps = openRanges(0, end);
      for (const run of taken.runs) removeRun(gaps, run.first, run.end);
      expect(gapsBetween([...taken.runs].reverse(), end)).toEqual(gaps);
    }),
  );
});
