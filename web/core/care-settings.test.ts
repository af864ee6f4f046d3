import { describe, expect, test } from 'vitest';
import { PRESET_NAMES, PRESETS } from '#protocol/messages/care.ts';
import { decodeCare, presetOf, readMinute, showMinute } from './care-settings.ts';

describe('a stored policy', () => {
  test.each(PRESET_NAMES)('%s is read back as written', (name) => {
    const stored = JSON.parse(JSON.stringify(PRESETS[name]));
    expect(decodeCare(stored, PRESETS.balanced)).toEqual(PRESETS[name]);
    expect(presetOf(PRESETS[name])).toBe(name);
  });

  test('keeps what is right in it, and the rest is as it was', () => {
    const night = { from: 1_320, to: 420 };
    const hours = [night, night, 'all', 'never', night, night, night];
    expect(decodeCare({ duty: 45, hours, chargeMin: 40.5 }, PRESETS.gentle)).toEqual({
      ...PRESETS.gentle,
      ...{ duty: 45, hours, chargeMin: 40.5 },
    });
    expect(presetOf({ ...PRESETS.gentle, duty: 45 })).toBeUndefined();
  });

  test.each([
    null,
    7,
    'all',
    { duty: 0 },
    { duty: 'much', chargeMin: 101, stopsAfter: -1 },
    { hours: ['all'] },
    { hours: [1, 2, 3, 4, 5, 6, 7] },
    { whenUnknown: 'maybe' },
  ])('%j takes the default', (stored) => {
    expect(decodeCare(stored, PRESETS.balanced)).toEqual(PRESETS.balanced);
  });
});

test.each([
  [0, '00:00'],
  [450, '07:30'],
  [1_439, '23:59'],
])('minute %i is %s and is read back', (minute, text) => {
  expect(showMinute(minute)).toBe(text);
  expect(readMinute(text)).toBe(minute);
});

test('an empty time is none', () => {
  expect(readMinute('')).toBeUndefined();
});
