import { describe, expect, test } from 'vitest';
import { WISHES_NONE } from '#protocol/messages/background.ts';
import { PRESETS } from '#protocol/messages/care.ts';
import type { JobId } from '#protocol/values/ids.ts';
import {
  applyQuery,
  decodeDevice,
  decodeSettings,
  encodeSettings,
  gives,
  SETTINGS_DEFAULT,
  type Settings,
  switchJob,
  wantsBackground,
} from './settings.ts';

const [one, two] = ['job_0000000000000001' as JobId, 'job_0000000000000002' as JobId];

describe('settings', () => {
  test('are read back as written', () => {
    const care = PRESETS.gentle;
    const blocks = { ...SETTINGS_DEFAULT.blocks, jobs: [{ id: two, name: 'poems' }] };
    const settings: Settings = {
      ...{ provider: 'webgpu', webrtc: false, donates: [one], blocks, care },
      background: { tellsPay: true, tellsWork: false, computes: true },
    };
    expect(decodeSettings(encodeSettings(settings))).toEqual(settings);
  });

  test.each([
    null,
    '',
    '{',
    '7',
    '{"provider":"tpu","webrtc":"yes","donates":["me"],"background":{"computes":1}}',
  ])('%j takes the defaults', (text) => {
    expect(decodeSettings(text)).toEqual(SETTINGS_DEFAULT);
  });

  test('the address wins where it says something known', () => {
    expect(applyQuery(SETTINGS_DEFAULT, '?provider=webgpu&webrtc=off')).toEqual({
      ...SETTINGS_DEFAULT,
      provider: 'webgpu',
      webrtc: false,
    });
    expect(applyQuery(SETTINGS_DEFAULT, '?provider=abacus&webrtc=')).toEqual(SETTINGS_DEFAULT);
  });

  test('give away all jobs, none, or those that are named', () => {
    expect(gives('all', one)).toBe(true);
    expect(gives('none', one)).toBe(false);
    const both = switchJob(switchJob('none', one, true), two, true);
    expect(both).toEqual([one, two]);
    expect(gives(both, two)).toBe(true);
    expect(switchJob(switchJob(both, one, false), two, false)).toBe('none');
    expect(switchJob('all', one, false)).toBe('all');
  });
});

test('a device goes by a key, and by nothing else that was stored', () => {
  expect(decodeDevice('ab'.repeat(32))).toBe('ab'.repeat(32));
  for (const text of [null, '', 'ab', 'AB'.repeat(32)]) expect(decodeDevice(text)).toBeUndefined();
});

// privacy: background-choice
test('nothing is done while no page is open before its person allows some of it', () => {
  expect(SETTINGS_DEFAULT.background).toEqual(WISHES_NONE);
  expect(wantsBackground(SETTINGS_DEFAULT)).toBe(false);
  for (const wish of ['tellsPay', 'tellsWork', 'computes'] as const) {
    const background = { ...WISHES_NONE, [wish]: true };
    expect(wantsBackground({ ...SETTINGS_DEFAULT, background })).toBe(true);
  }
});
