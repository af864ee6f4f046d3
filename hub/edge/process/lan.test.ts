import { X509Certificate } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openTestFolder } from '#node/test-folder.ts';
import { fingerprintOf, openCertificate } from './lan.ts';

const data = openTestFolder();

it('keeps one certificate for the addresses of this machine, and makes it anew for others', async () => {
  const made = await openCertificate(data, ['192.168.7.9']);
  const certificate = new X509Certificate(made.cert);
  for (const ip of ['127.0.0.1', '192.168.7.9']) expect(certificate.checkIP(ip)).toBe(ip);
  expect(certificate.checkHost('localhost')).toBe('localhost');
  // Whoever trusts it trusts no other name that its key could sign.
  expect(certificate.ca).toBe(false);
  expect(fingerprintOf(made.cert)).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
  expect((await stat(join(data, 'keys', 'certificate.json'))).mode & 0o777).toBe(0o600);
  expect(await openCertificate(data, ['192.168.7.9'])).toEqual(made);
  const moved = await openCertificate(data, ['10.0.0.4']);
  expect(moved.cert).not.toBe(made.cert);
  expect(new X509Certificate(moved.cert).checkIP('10.0.0.4')).toBe('10.0.0.4');
});
