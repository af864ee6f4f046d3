import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openClock } from './clock.ts';

/** A world whose wall clock may be stepped, and whose process may sleep. */
function openWorld() {
  const time = { real: 5_000_000, step: 0 };
  const clock = openClock(
    () => time.real + time.step,
    () => time.real,
  );
  const wait = (ms: number, every = 500): number => {
    for (const end = time.real + ms; time.real < end; ) {
      time.real += Math.min(every, end - time.real);
      clock();
    }
    return clock();
  };
  return { time, clock, wait };
}

test('the clock is the wall clock while nothing happens', () => {
  const { wait, time } = openWorld();
  expect(wait(3_600_000)).toBe(time.real);
});

test('a sleep is not counted, and made up for afterwards', () => {
  const { wait, time, clock } = openWorld();
  const before = wait(1_000);
  time.real += 60_000;
  expect(clock() - before).toBeLessThan(1_500);
  wait(300_000);
  expect(clock()).toBe(time.real);
});

test.each([3_600_000, -3_600_000])(
  'a step of the wall clock by %i ms moves no deadline by more than a third',
  (step) => {
    const { wait, time } = openWorld();
    const before = wait(1_000);
    time.step = step;
    const passed = wait(90_000) - before;
    expect(passed).toBeGreaterThan(59_000);
    expect(passed).toBeLessThan(121_000);
    expect(wait(4 * 3_600_000)).toBeCloseTo(time.real + step, 3);
  },
);

test('whatever happens, the clock never goes back nor runs faster than its bound', () => {
  const event = fc.record({
    real: fc.integer({ min: 0, max: 100_000 }),
    step: fc.integer({ min: -10_000_000, max: 10_000_000 }),
  });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 50 }), (events) => {
      const { time, clock } = openWorld();
      for (const { real, step } of events) {
        const before = clock();
        time.real += real;
        time.step += step;
        const passed = clock() - before;
        expect(passed).toBeGreaterThanOrEqual(0);
        expect(passed).toBeLessThanOrEqual((Math.min(real, 1_000) * 4) / 3 + 1e-6);
      }
    }),
  );
});
