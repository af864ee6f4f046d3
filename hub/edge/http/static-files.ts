import { existsSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname } from 'node:path';
import type { Readable } from 'node:stream';
import sirv from 'sirv';

/** Pages of the app; each is the one HTML file. */
const PAGES =
  /^\/(dashboard(\/(models|keys|webhooks|playground|job_[0-9a-f]{16}))?|verdicts|settlements|privacy)?$/;

const TEXT: { [extension: string]: string } = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.csv': 'text/csv; charset=utf-8',
};
/** Endings whose type the library knows; all others are bytes. */
const KNOWN = /\.(json|map|webmanifest|svg|wasm|png|jpg|webp|ico|woff2)$/;

/**
 * Threads in WebAssembly need a cross-origin isolated page, so every answer carries COOP, COEP and
 * CORP, worker scripts too.
 */
const headersFor = (reaches: readonly string[], host: string | undefined) => ({
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Content-Security-Policy': [
    "default-src 'self'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "worker-src 'self' blob:",
    ["connect-src 'self'", ...socketsOf(host), ...reaches].join(' '),
    "img-src 'self' data: blob:",
    "style-src 'self' 'unsafe-inline'",
    "object-src 'none'",
    "base-uri 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; '),
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Permissions-Policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
});

/** Sockets of this server: not every browser counts them as its own. */
const socketsOf = (host = ''): string[] =>
  /^[\w.-]+(:\d+)?$|^\[[\da-f:]+\](:\d+)?$/i.test(host) ? [`ws://${host}`, `wss://${host}`] : [];

/** Answers with a file of the app, or calls `next` where it has none for this request. */
export type StaticFiles = (
  request: IncomingMessage,
  response: ServerResponse,
  next: () => void,
) => void;

/**
 * Serves a built app from a folder, listed once: what is not in the list cannot be asked for. Of a
 * file with `.br` or `.gz` beside it (`scripts/compress-app.ts`) the browser gets the smallest form
 * it takes. Pages may call the origins in `reaches` beside their own.
 */
export function openStaticFiles(folder: string, reaches: readonly string[] = []): StaticFiles {
  if (!existsSync(folder)) return (_request, _response, next) => next();
  const serve = sirv(folder, { etag: true, brotli: true, gzip: true, extensions: [] });
  return (request, response, next) => {
    const { method, url = '/' } = request;
    const [path = '/'] = url.split(/[?#]/, 1);
    if ((method !== 'GET' && method !== 'HEAD') || path.startsWith('/v1/')) return next();
    const name = PAGES.test(path) ? '/index.html' : path;
    const vary = ['Vary', 'Accept-Encoding'];
    const common = Object.entries(headersFor(reaches, request.headers.host));
    const added = [...common, ['Cache-Control', cachingOf(name)], vary, ...typeOf(name)];
    // Set before, so that a 304 carries them too.
    for (const [header = '', value = ''] of added) response.setHeader(header, value);
    tieToConnection(response);
    serve(asAsked(request, name), response, () => {
      for (const [header = ''] of added) response.removeHeader(header);
      request.url = url;
      next();
    });
  };
}

const cachingOf = (name: string): string =>
  name.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache';

function typeOf(name: string): string[][] {
  const ending = extname(name);
  if (KNOWN.test(ending)) return [];
  return [['Content-Type', TEXT[ending] ?? 'application/octet-stream']];
}

/**
 * The request as the library reads it. It knows no `q=0`, and a range that ends before it begins
 * throws: of files that are compressed and cached as a whole, no part is given out.
 */
function asAsked(request: IncomingMessage, name: string): IncomingMessage {
  request.url = name;
  delete request.headers.range;
  const accepted = request.headers['accept-encoding'];
  if (typeof accepted === 'string') {
    const taken = accepted.split(',').filter((each) => !/;\s*q=0(\.0*)?\s*$/.test(each));
    request.headers['accept-encoding'] = taken.join(',');
  }
  return request;
}

/**
 * Ends the file with its connection, and the connection with a file that fails, such as one of an
 * app that was built anew meanwhile. The library does neither.
 */
function tieToConnection(response: ServerResponse): void {
  response.once('pipe', (file: Readable) => {
    file.once('error', () => response.destroy());
    response.once('close', () => file.destroy());
  });
}
