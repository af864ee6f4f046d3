import { request as openRequest } from 'node:https';
import { Readable } from 'node:stream';
import { fault } from '#protocol/values/refusal.ts';
import { PinnedAgent, WrongCertificate } from './pinned-agent.ts';

/** Which certificates count: one more authority (PEM) than the system's, or one alone by its SHA-256. */
export type Trust = { ca: string } | { pin: string };

/**
 * Opens a `fetch` for servers whose certificate nobody signed, as `npm start -- --lan` has: Node's
 * own cannot be told of one server's certificate. Addresses without TLS go to Node's own.
 */
export function openTlsFetch(trust: Trust): (request: Request) => Promise<Response> {
  const way = 'ca' in trust ? trust : { agent: new PinnedAgent(trust.pin) };
  return async (request) => {
    if (!request.url.startsWith('https:')) return fetch(request);
    const body = Buffer.from(await request.arrayBuffer());
    return new Promise((resolve, reject) => {
      const options = {
        method: request.method,
        headers: { ...Object.fromEntries(request.headers), 'content-length': body.length },
        signal: request.signal,
        ...way,
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
      call.on('error', (cause) => {
        if (cause instanceof WrongCertificate) {
          return reject(fault('download-failed', cause.message, cause));
        }
        // `fetch` hides the system's reason in a cause, and so do we.
        reject(new TypeError('fetch failed', { cause }));
      });
      call.end(body);
    });
  };
}
