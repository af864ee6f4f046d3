import { expect, test } from 'vitest';
import { type DeviceSignals, SIGNALS_NONE } from '#protocol/messages/care.ts';
import { findCautions } from './caution.ts';

const find = (signals: Partial<DeviceSignals>) => findCautions({ ...SIGNALS_NONE, ...signals });
const ids = (signals: Partial<DeviceSignals>) => find(signals).map(({ id }) => id);

test('a saving mode and a low battery are said before Start', () => {
  expect(ids({ savesData: false })).toEqual([]);
  expect(ids({ savesData: true })).toEqual(['save-data']);
  expect(ids({ savesData: true, battery: { level: 20, charging: false } })).toEqual([
    'save-data',
    'battery',
  ]);
});

test('a battery that is charging, or far from empty, is no caution', () => {
  expect(ids({ savesData: false, battery: { level: 5, charging: true } })).toEqual([]);
  expect(ids({ savesData: false, battery: { level: 21, charging: false } })).toEqual([]);
});

test('the level is named', () => {
  const [caution] = find({ savesData: false, battery: { level: 14, charging: false } });
  expect(caution?.title).toContain('14 %');
});
