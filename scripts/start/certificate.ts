import { X509Certificate } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * The certificate a hub signed itself (`--lan`), as a PEM file that Node's `NODE_EXTRA_CA_CERTS`
 * takes; undefined when the hub has none yet.
 */
export async function exportCertificate(
  data: string,
): Promise<{ path: string; pem: string; fingerprint: string } | undefined> {
  const text = await readFile(join(data, 'keys', 'certificate.json'), 'utf8').catch(
    () => undefined,
  );
  if (text === undefined) return undefined;
  const { cert } = JSON.parse(text) as { cert: string };
  const path = join(data, 'keys', 'certificate.pem');
  await writeFile(path, cert, { mode: 0o644 });
  return { path, pem: cert, fingerprint: new X509Certificate(cert).fingerprint256 };
}
