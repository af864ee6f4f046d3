import { describe, expect, it } from 'vitest';
import {
  type CarePolicy,
  type DeviceSignals,
  PRESETS,
  SIGNALS_NONE,
} from '#protocol/messages/care.ts';
import { bytes, instant } from '#protocol/values/units.ts';
import { openHeat } from './heat.ts';
import { type CareFacts, judgeCare } from './judge.ts';

const NOON = instant(Date.UTC(2026, 10, 30, 12));
const FACTS: CareFacts = {
  now: NOON,
  startedAt: instant(NOON - 60_000),
  heat: openHeat(),
  bytesToday: bytes(0),
  wasLow: false,
};
const PLUGGED = { level: 90, charging: true };
const at = (level: number) => ({ battery: { level, charging: false } });

function judge(
  policy: Partial<CarePolicy>,
  signals: Partial<DeviceSignals> = {},
  facts: Partial<CareFacts> = {},
) {
  const home: DeviceSignals = { ...SIGNALS_NONE, battery: PLUGGED, line: 'wifi' };
  const hold = judgeCare(
    { ...PRESETS.balanced, ...policy },
    { ...home, ...signals },
    { ...FACTS, ...facts },
  );
  return hold === undefined ? 'works' : { code: hold.reason.code, until: hold.until };
}
const waits = (code: string, until?: number) => ({ code, until });

describe('power', () => {
  it('unplugged, a device that works only while it charges waits', () => {
    expect(judge({ onlyCharging: true })).toBe('works');
    expect(judge({ onlyCharging: true }, at(100))).toEqual(waits('unplugged'));
  });

  it('charge that is low holds back until it is five percent above', () => {
    expect(judge({}, at(40))).toBe('works');
    expect(judge({}, at(39))).toEqual(waits('charge-low'));
    expect(judge({}, at(44), { wasLow: true })).toEqual(waits('charge-low'));
    expect(judge({}, at(45), { wasLow: true })).toBe('works');
    expect(judge({}, { battery: { level: 5, charging: true } })).toBe('works');
  });

  it('a device that is to charge first does so', () => {
    const battery = { level: 30, charging: true };
    expect(judge({ onlyCharging: true, chargeMin: 50 }, { battery })).toEqual(waits('charge-low'));
  });

  it('a battery that no browser tells of is asked for, or not', () => {
    const { battery: _, ...silent } = { ...SIGNALS_NONE, battery: PLUGGED };
    const asked = (policy: Partial<CarePolicy>, said = SIGNALS_NONE.said) =>
      judgeCare({ ...PRESETS.gentle, ...policy }, { ...silent, line: 'wifi', said }, FACTS)?.reason
        .code;
    expect(asked({})).toBe('charge-unknown');
    expect(asked({}, { charging: true, wifi: false })).toBeUndefined();
    expect(asked({ whenUnknown: 'work' })).toBeUndefined();
    expect(asked({ onlyCharging: false, chargeMin: 0 })).toBeUndefined();
  });
});

describe('the line', () => {
  it('mobile data and a saving mode hold back who wants Wi-Fi', () => {
    expect(judge({}, { line: 'cellular' })).toEqual(waits('cellular'));
    expect(judge({}, { savesData: true })).toEqual(waits('saves-data'));
    expect(judge({ onlyWifi: false }, { line: 'cellular', savesData: true })).toBe('works');
  });

  it('a line that no browser tells of is asked for, or not', () => {
    const { line: _, ...silent } = { ...SIGNALS_NONE, battery: PLUGGED, line: 'wifi' as const };
    const asked = (said: DeviceSignals['said']) =>
      judgeCare(PRESETS.gentle, { ...silent, said }, FACTS)?.reason.code;
    expect(asked({ charging: false, wifi: false })).toBe('line-unknown');
    expect(asked({ charging: false, wifi: true })).toBeUndefined();
  });

  it('spent data hold back until the local midnight', () => {
    const policy = { dataPerDay: bytes(100) };
    expect(judge(policy, {}, { bytesToday: bytes(99) })).toBe('works');
    const midnight = Date.UTC(2026, 11, 1) - 60 * 60_000;
    expect(judge(policy, { utcOffset: 60 }, { bytesToday: bytes(100) })).toEqual(
      waits('data-spent', midnight),
    );
    expect(judge({ dataPerDay: bytes(0) }, {}, { bytesToday: bytes(1e12) })).toBe('works');
  });
});

describe('use, load and time', () => {
  it('a touch holds back for half a minute, the tap on Start does not', () => {
    const policy = { pausesInUse: true };
    const usedAt = instant(NOON - 10_000);
    expect(judge(policy, { usedAt })).toEqual(waits('in-use', NOON + 20_000));
    expect(judge({}, { usedAt })).toBe('works');
    expect(judge(policy, { usedAt }, { startedAt: usedAt })).toBe('works');
    expect(judge(policy, { usedAt: instant(NOON - 30_000) })).toBe('works');
  });

  it('a system at its limit holds back all but who computes all the time', () => {
    expect(judge({}, { pressure: 'serious' })).toBe('works');
    expect(judge({}, { pressure: 'critical' })).toEqual(waits('system-busy'));
    expect(judge({ duty: 100 }, { pressure: 'critical' })).toBe('works');
  });

  it('heat holds back until it has cooled', () => {
    const heat = { ...openHeat(), coolsUntil: instant(NOON + 1), slower: 31 };
    expect(judge({}, {}, { heat })).toEqual(waits('warm', NOON + 1));
    expect(judge({}, {}, { heat: { ...heat, coolsUntil: NOON } })).toBe('works');
  });

  it('a device that stops by itself does so for good', () => {
    const startedAt = instant(NOON - 30 * 60_000);
    const signals = { ...SIGNALS_NONE, battery: PLUGGED, line: 'wifi' as const };
    const policy = { ...PRESETS.balanced, stopsAfter: 30 };
    expect(judgeCare(policy, signals, { ...FACTS, startedAt })).toMatchObject({ isFinal: true });
    expect(judgeCare({ ...policy, stopsAfter: 31 }, signals, { ...FACTS, startedAt })).toBe(
      undefined,
    );
  });

  it('hours that are off hold back until they begin', () => {
    const hours = PRESETS.all.hours.map(() => ({ from: 22 * 60, to: 7 * 60 }));
    expect(judge({ hours })).toEqual(waits('hours-off', Date.UTC(2026, 10, 30, 22)));
    expect(judge({ hours }, { utcOffset: 11 * 60 })).toBe('works');
    expect(judge({ hours: hours.map(() => 'never') })).toEqual(waits('hours-off'));
  });
});
