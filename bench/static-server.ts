import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { text } from 'node:stream/consumers';
import { transformWithOxc } from 'vite';
import type { BenchContext } from './figure.ts';

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.ts': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
};

export interface StaticServer {
  url: string;
  /** Every file served: its path on disk, and what the browser wanted it for (`Sec-Fetch-Dest`). */
  served: { file: string; for: string }[];
}

/**
 * Serves folders by URL prefix on this machine, cross-origin isolated as the hub's own pages are;
 * TypeScript is handed out as JavaScript. A path without an ending is `index.html`. What pages post
 * goes to `receive`.
 */
export async function openStaticServer(
  folders: Record<string, string>,
  { defer }: BenchContext,
  receive?: (url: URL, body: string) => void,
): Promise<StaticServer> {
  const served: StaticServer['served'] = [];
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    if (request.method === 'POST' && receive !== undefined) {
      receive(url, await text(request));
      response.writeHead(204).end();
      return;
    }
    const path = normalize(url.pathname);
    const [prefix] = Object.keys(folders)
      .filter((each) => path.startsWith(each))
      .sort((a, b) => b.length - a.length);
    const rest = extname(path) === '' ? 'index.html' : path.slice(prefix?.length ?? 0);
    const file = join(folders[prefix ?? ''] ?? '', rest);
    const body = prefix === undefined ? undefined : await readBody(file);
    if (body !== undefined) {
      served.push({ file, for: String(request.headers['sec-fetch-dest'] ?? 'empty') });
    }
    response.writeHead(body === undefined ? 404 : 200, {
      'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream',
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cross-Origin-Embedder-Policy': 'require-corp',
      'Cross-Origin-Resource-Policy': 'same-origin',
    });
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  defer(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, served };
}

async function readBody(file: string): Promise<Buffer | string | undefined> {
  const bytes = await readFile(file).catch(() => undefined);
  if (bytes === undefined || !file.endsWith('.ts')) return bytes;
  return (await transformWithOxc(bytes.toString('utf8'), file, { sourcemap: false })).code;
}
