import { describe, expect, test } from 'vitest';
import {
  applyQuery,
  decodeDevice,
  decodeSettings,
  encodeSettings,
  SETTINGS_DEFAULT,
} from './settings.ts';

describe('settings', () => {
  test('are read back as written', () => {
    const settings = { provider: 'webgpu', webrtc: false } as const;
    expect(decodeSettings(encodeSettings(settings))).toEqual(settings);
  });

  test.each([null, '', '{', '7', '{"provider":"tpu","webrtc":"yes"}'])(
    '%j takes the defaults',
    (text) => {
      expect(decodeSettings(text)).toEqual(SETTINGS_DEFAULT);
    },
  );

  test('the address wins where it says something known', () => {
    expect(applyQuery(SETTINGS_DEFAULT, '?provider=webgpu&webrtc=off')).toEqual({
      provider: 'webgpu',
      webrtc: false,
    });
    expect(applyQuery(SETTINGS_DEFAULT, '?provider=abacus&webrtc=')).toEqual(SETTINGS_DEFAULT);
  });
});

test('a device goes by a key, and by nothing else that was stored', () => {
  expect(decodeDevice('ab'.repeat(32))).toBe('ab'.repeat(32));
  for (const text of [null, '', 'ab', 'AB'.repeat(32)]) expect(decodeDevice(text)).toBeUndefined();
});
