import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { instant } from '#protocol/values/units.ts';
import { instantOf, isWithinHours, localTime, nextWithinHours } from './local-time.ts';

const offset = fc.integer({ min: -12 * 60, max: 14 * 60 });
const time = fc.integer({ min: 0, max: 4e12 }).map(instant);
const minute = fc.integer({ min: 0, max: 1_440 });
const day = fc.oneof(
  fc.constantFrom('all' as const, 'never' as const),
  fc.record({ from: minute, to: minute }),
);
const week = fc.array(day, { minLength: 7, maxLength: 7 });

describe('local time', () => {
  it('is that of the calendar', () => {
    fc.assert(
      fc.property(time, offset, (now, ahead) => {
        const local = new Date(now + ahead * 60_000);
        const found = localTime(now, ahead);
        expect(found.weekday).toBe(local.getUTCDay());
        expect(found.minute).toBe(local.getUTCHours() * 60 + local.getUTCMinutes());
        const back = instantOf(found.day, found.minute, ahead);
        expect(now - back).toBeGreaterThanOrEqual(0);
        expect(now - back).toBeLessThan(60_000);
      }),
    );
  });
});

describe('hours', () => {
  it('that go past midnight hold on the next morning', () => {
    const night = { from: 1_320, to: 420 };
    const friday = [...Array(5).fill('never'), night, 'never'];
    expect(isWithinHours(friday, { day: 0, weekday: 5, minute: 1_320 })).toBe(true);
    expect(isWithinHours(friday, { day: 0, weekday: 5, minute: 1_319 })).toBe(false);
    expect(isWithinHours(friday, { day: 0, weekday: 6, minute: 419 })).toBe(true);
    expect(isWithinHours(friday, { day: 0, weekday: 6, minute: 420 })).toBe(false);
    expect(isWithinHours(friday, { day: 0, weekday: 0, minute: 60 })).toBe(false);
  });

  it('begin at the time that is said, and not before', () => {
    fc.assert(
      fc.property(week, time, offset, (hours, now, ahead) => {
        const next = nextWithinHours(hours, now, ahead);
        if (next === undefined) return expect(hours).not.toContain('all');
        expect(next).toBeGreaterThan(now);
        expect(isWithinHours(hours, localTime(next, ahead))).toBe(true);
      }),
    );
  });
});
