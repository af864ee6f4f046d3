import { request as openRequest } from 'node:https';
import { Readable } from 'node:stream';

/** Which certificates count beside those the system trusts: one more authority (PEM), or all. */
export type Trust = { ca: string } | { rejectUnauthorized: false };

/**
 * Opens a `fetch` for servers whose certificate nobody signed, as `npm start -- --lan` has: Node's
 * own cannot be told of one server's certificate. Addresses without TLS go to Node's own.
 */
export function openTlsFetch(trust: Trust): (request: Request) => Promise<Response> {
  return async (request) => {
    if (!request.url.startsWith('https:')) return fetch(request);
    const body = Buffer.from(await request.arrayBuffer());
    return new Promise((resolve, reject) => {
      const options = {
        method: request.method,
        headers: { ...Object.fromEntries(request.headers), 'content-length': body.length },
        signal: request.signal,
        ...trust,
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
      // `fetch` hides the system's reason in a cause, and so do we.
      call.on('error', (cause) => reject(new TypeError('fetch failed', { cause })));
      call.end(body);
    });
  };
}
