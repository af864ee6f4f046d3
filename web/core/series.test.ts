import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addSample, formatTick, SAMPLES_MAX, SERIES_EMPTY } from './series.ts';

test('times start at zero and rise; the newest sample is always there; the length is bounded', () => {
  const steps = fc.array(fc.integer({ min: 0, max: 900 }), { minLength: 1, maxLength: 1_500 });
  fc.assert(
    fc.property(steps, (waits) => {
      let series = SERIES_EMPTY;
      let at = 1_000_000;
      waits.forEach((wait, index) => {
        at += wait;
        series = addSample(series, { at, accepted: index, devices: 1 });
      });
      expect(series.seconds[0]).toBe(0);
      expect(series.accepted.at(-1)).toBe(waits.length - 1);
      expect(series.seconds.length).toBeLessThanOrEqual(SAMPLES_MAX);
      expect(
        series.seconds.every((second, i) => i === 0 || second > (series.seconds[i - 1] ?? 0)),
      ).toBe(true);
      expect(series.accepted.length).toBe(series.seconds.length);
      expect(series.devices.length).toBe(series.seconds.length);
    }),
    { numRuns: 20 },
  );
});

test.each([
  [0.5, '0.5 s'],
  [60, '1 min'],
  [200, '3:20'],
])('tick at %d s', (seconds, text) => expect(formatTick(seconds)).toBe(text));
