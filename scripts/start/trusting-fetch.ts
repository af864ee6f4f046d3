import { readFile, writeFile } from 'node:fs/promises';
import { request as openRequest } from 'node:https';
import { join } from 'node:path';
import { Readable } from 'node:stream';

/**
 * The certificate a hub signed itself (`--lan`), as a PEM file that Node's `NODE_EXTRA_CA_CERTS`
 * takes; undefined when the hub has none yet.
 */
export async function exportCertificate(
  data: string,
): Promise<{ path: string; pem: string } | undefined> {
  const text = await readFile(join(data, 'keys', 'certificate.json'), 'utf8').catch(
    () => undefined,
  );
  if (text === undefined) return undefined;
  const { cert } = JSON.parse(text) as { cert: string };
  const path = join(data, 'keys', 'certificate.pem');
  await writeFile(path, cert, { mode: 0o644 });
  return { path, pem: cert };
}

/** Like `fetch`, for HTTPS servers whose certificate is `ca`: Node 20's own cannot be told of one. */
export function openTrustingFetch(ca: string): (request: Request) => Promise<Response> {
  return async (request) => {
    const body = Buffer.from(await request.arrayBuffer());
    return new Promise((resolve, reject) => {
      const options = {
        method: request.method,
        headers: { ...Object.fromEntries(request.headers), 'content-length': body.length },
        signal: request.signal,
        ca,
      };
      const call = openRequest(request.url, options, (answer) => {
        const headers = new Headers();
        for (const [name, value] of Object.entries(answer.headers)) {
          if (value !== undefined) headers.set(name, String(value));
        }
        const status = answer.statusCode ?? 502;
        const stream =
          status === 204 ? null : (Readable.toWeb(answer) as ReadableStream<Uint8Array>);
        resolve(new Response(stream, { status, headers }));
      });
      call.on('error', reject);
      call.end(body);
    });
  };
}
