import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

/** Pages of the app; each is the one HTML file. */
const PAGES = /^\/(dashboard(\/job_[0-9a-f]{16})?|verdicts|settlements)?$/;
const CACHE_BYTES_MAX = 128 * 1024 * 1024;
/** Past this, the best brotli takes seconds: a runtime of 14 MB would keep its first visitor waiting. */
const BEST_BYTES_MAX = 1024 * 1024;

const TYPES: { [extension: string]: string } = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.txt': 'text/plain; charset=utf-8',
  '.csv': 'text/csv; charset=utf-8',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.webp': 'image/webp',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
};
const PACKED = new Set(['.png', '.jpg', '.webp', '.woff2', '.gz']);

/**
 * Threads in WebAssembly need a cross-origin isolated page, so every answer carries COOP, COEP and
 * CORP, worker scripts too.
 */
const headersFor = (reaches: readonly string[]) => ({
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Content-Security-Policy': [
    "default-src 'self'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "worker-src 'self' blob:",
    ["connect-src 'self' ws: wss:", ...reaches].join(' '),
    "img-src 'self' data: blob:",
    "style-src 'self' 'unsafe-inline'",
    "object-src 'none'",
    "base-uri 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; '),
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
});

type Encoding = 'br' | 'gzip' | 'identity';

interface Encoded {
  bytes: Buffer<ArrayBuffer>;
  etag: string;
}

export interface StaticFiles {
  /** The file for this request, or undefined where there is none. */
  respond(request: Request): Promise<Response | undefined>;
}

/**
 * Serves a built app from a folder, listed once: what is not in the list cannot be asked for. Files
 * are read and compressed when first asked for and kept, up to a bound. Pages may call the origins in
 * `reaches` beside their own.
 */
export async function openStaticFiles(
  folder: string,
  reaches: readonly string[] = [],
): Promise<StaticFiles> {
  const common = headersFor(reaches);
  const files = new Map<string, string>();
  for (const file of await listFiles(folder)) {
    files.set(`/${relative(folder, file).split(sep).join('/')}`, file);
  }
  const load = openCache();

  return {
    async respond(request) {
      const path = new URL(request.url).pathname;
      const name = PAGES.test(path) ? '/index.html' : path;
      const file = files.get(name);
      if (file === undefined) return undefined;
      const encoding = chooseEncoding(file, request.headers.get('accept-encoding') ?? '');
      const { bytes, etag } = await load(file, encoding);
      const headers = new Headers({
        ...common,
        'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream',
        'Cache-Control': name.startsWith('/assets/')
          ? 'public, max-age=31536000, immutable'
          : 'no-cache',
        ETag: etag,
        Vary: 'Accept-Encoding',
      });
      if (request.headers.get('if-none-match') === etag) {
        return new Response(null, { status: 304, headers });
      }
      if (encoding !== 'identity') headers.set('Content-Encoding', encoding);
      headers.set('Content-Length', String(bytes.length));
      return new Response(bytes, { headers });
    },
  };
}

async function listFiles(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

function chooseEncoding(file: string, accepted: string): Encoding {
  if (PACKED.has(extname(file))) return 'identity';
  const takes = (name: string) =>
    new RegExp(`(^|[,\\s])${name}(?!\\s*;\\s*q=0(\\.0*)?\\s*(,|$))`).test(accepted);
  if (takes('br')) return 'br';
  return takes('gzip') ? 'gzip' : 'identity';
}

/** Remembers encoded files; past the bound, the ones asked for longest ago go. */
function openCache(): (file: string, encoding: Encoding) => Promise<Encoded> {
  const entries = new Map<string, Promise<Encoded>>();
  const sizes = new Map<string, number>();
  let total = 0;

  function evict(): void {
    for (const [key, size] of sizes) {
      if (total <= CACHE_BYTES_MAX) return;
      entries.delete(key);
      sizes.delete(key);
      total -= size;
    }
  }

  return async (file, encoding) => {
    const key = `${encoding}:${file}`;
    const known = entries.get(key);
    if (known !== undefined) return known;
    const entry = encodeFile(file, encoding);
    entries.set(key, entry);
    try {
      const { bytes } = await entry;
      sizes.set(key, bytes.length);
      total += bytes.length;
      evict();
    } catch (error) {
      entries.delete(key);
      throw error;
    }
    return entry;
  };
}

async function encodeFile(file: string, encoding: Encoding): Promise<Encoded> {
  const raw = await readFile(file);
  const bytes = await compress(raw, encoding);
  const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`;
  return { bytes, etag };
}

async function compress(
  raw: Buffer<ArrayBuffer>,
  encoding: Encoding,
): Promise<Buffer<ArrayBuffer>> {
  if (encoding === 'gzip') return Buffer.from(await promisify(gzip)(raw));
  if (encoding === 'identity') return raw;
  const quality = raw.length > BEST_BYTES_MAX ? 5 : 10;
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: quality,
    [constants.BROTLI_PARAM_SIZE_HINT]: raw.length,
  };
  return Buffer.from(await promisify(brotliCompress)(raw, { params }));
}
