import { expect, test } from 'vitest';
import type { DeviceStatus } from '#protocol/messages/device.ts';
import { type RefusalCode, refusal } from '#protocol/values/refusal.ts';
import { NO_EVIDENCE, viewBan } from './ban-view.ts';
import { STATUS_OFF } from './contribute-view.ts';

const refused = (code: RefusalCode): DeviceStatus => ({
  ...STATUS_OFF,
  phase: 'refused',
  refusal: refusal(code, 'unit 7 of job_0123456789abcdef did not match its re-execution'),
});

test('a device that is not banned is offered no evidence', () => {
  expect(viewBan(STATUS_OFF, NO_EVIDENCE)).toBeUndefined();
  expect(viewBan(refused('version-unsupported'), NO_EVIDENCE)).toBeUndefined();
});

test('a banned device is told how the ban is lifted and is offered the evidence', () => {
  const words = viewBan(refused('device-banned'), NO_EVIDENCE);
  expect(words).toMatchObject({ action: 'Save the evidence' });
  expect(words?.text).toContain('operator can lift the ban');
  expect(words?.outcome).toBeUndefined();
});

test('the button says that the hub is asked, and that the file was saved', () => {
  const banned = refused('device-banned');
  expect(viewBan(banned, { asking: true, saved: false })?.action).toBe('Asking…');
  const words = viewBan(banned, { asking: false, saved: true });
  expect(words).toMatchObject({ action: 'Save it again', outcome: { bad: false } });
  expect(words?.outcome?.text).toContain('verify-receipt');
});

test('a refusal of the hub is shown as a sentence', () => {
  const message = 'this was signed at another time; set the clock';
  const world = { ...NO_EVIDENCE, refusal: refusal('request-invalid', message) };
  expect(viewBan(refused('device-banned'), world)?.outcome).toEqual({
    bad: true,
    text: 'This was signed at another time; set the clock.',
  });
});
