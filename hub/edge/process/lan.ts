import { X509Certificate } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import * as v from 'valibot';
import { decodeJson } from '#protocol/values/decode.ts';

const DAY_MS = 86_400_000;
/** Phones turn down certificates that live longer than 825 days. */
const VALID_DAYS = 365;

/** PEM texts. */
export interface Certificate {
  key: string;
  cert: string;
}

const CertificateFile = v.strictObject({ key: v.string(), cert: v.string() });

/** IPv4 addresses of this machine that others on its network can reach. */
export const listLanAddresses = (): string[] =>
  Object.values(networkInterfaces())
    .flat()
    .filter((face) => face !== undefined && face.family === 'IPv4' && !face.internal)
    .map((face) => face?.address ?? '');

/**
 * A self-signed certificate for this machine's addresses, kept in `data` so that a phone has to
 * accept it once. Made anew when an address is missing from it or its last week has begun.
 */
export async function openCertificate(data: string, addresses: string[]): Promise<Certificate> {
  const file = join(data, 'keys', 'certificate.json');
  const kept = decodeJson(CertificateFile, await readFile(file, 'utf8').catch(() => ''));
  if (kept.ok && covers(kept.value, addresses)) return kept.value;
  const made = await makeCertificate(addresses);
  await mkdir(join(data, 'keys'), { recursive: true, mode: 0o700 });
  await writeFile(file, JSON.stringify(made), { mode: 0o600 });
  return made;
}

/** What a browser shows of it, to compare before one accepts it: SHA-256, in hex. */
export const fingerprintOf = (cert: string): string => new X509Certificate(cert).fingerprint256;

function covers({ cert }: Certificate, addresses: string[]): boolean {
  try {
    const certificate = new X509Certificate(cert);
    const endsAt = Date.parse(certificate.validTo);
    return (
      !certificate.ca &&
      endsAt - Date.now() > 7 * DAY_MS &&
      addresses.every((address) => certificate.checkIP(address) !== undefined)
    );
  } catch {
    return false;
  }
}

async function makeCertificate(addresses: string[]): Promise<Certificate> {
  const ips = [...new Set(['127.0.0.1', '::1', ...addresses])];
  const now = Date.now();
  const made = await generate([{ name: 'commonName', value: 'Pocketgrid hub' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(now - DAY_MS),
    notAfterDate: new Date(now + VALID_DAYS * DAY_MS),
    extensions: [
      // It signs for no other name: whoever installs it on a phone trusts this machine alone.
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [{ type: 2, value: 'localhost' }, ...ips.map((ip) => ({ type: 7 as const, ip }))],
      },
    ],
  });
  return { key: made.private, cert: made.cert };
}
