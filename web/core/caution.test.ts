import { expect, test } from 'vitest';
import { findCautions } from './caution.ts';

const ids = (...power: Parameters<typeof findCautions>) =>
  findCautions(...power).map(({ id }) => id);

test('a saving mode and a low battery are said before Start', () => {
  expect(ids({ saveData: false })).toEqual([]);
  expect(ids({ saveData: true })).toEqual(['save-data']);
  expect(ids({ saveData: true, battery: { level: 0.2, charging: false } })).toEqual([
    'save-data',
    'battery',
  ]);
});

test('a battery that is charging, or far from empty, is no caution', () => {
  expect(ids({ saveData: false, battery: { level: 0.05, charging: true } })).toEqual([]);
  expect(ids({ saveData: false, battery: { level: 0.21, charging: false } })).toEqual([]);
});

test('the level is named', () => {
  const [caution] = findCautions({ saveData: false, battery: { level: 0.14, charging: false } });
  expect(caution?.title).toContain('14 %');
});
