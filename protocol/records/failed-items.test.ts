import * as v from 'valibot';
import { expect, test } from 'vitest';
import { FailedGroups, groupFailures, placesOf } from './failed-items.ts';

test('failures are grouped by what the runtime said, and each place is there once', () => {
  const groups = groupFailures([
    { place: 5, text: 'a' },
    { place: 0, text: 'b' },
    { place: 7, text: 'a' },
  ]);
  expect(groups).toEqual([
    { places: [5, 7], text: 'a' },
    { places: [0], text: 'b' },
  ]);
  expect(placesOf(groups)).toEqual([0, 5, 7]);
});

test('a whole unit of items that fail in words of their own fits a message', () => {
  const long = 'x'.repeat(1_000);
  const failures = Array.from({ length: 4_096 }, (_, place) => ({
    place,
    text: `${place} ${long}`,
  }));
  const groups = groupFailures(failures);
  expect(v.is(FailedGroups, groups)).toBe(true);
  expect(placesOf(groups)).toHaveLength(4_096);
  expect(JSON.stringify(groups).length).toBeLessThan(64 * 1024);
});

test('a runtime that says nothing leaves a sentence', () => {
  expect(groupFailures([{ place: 0, text: '  ' }])[0]?.text).toBe('no reason given');
});
