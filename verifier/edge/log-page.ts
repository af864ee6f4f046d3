import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hasCode } from '#node/files.ts';
import { fault } from '#protocol/values/refusal.ts';
import { type PageView, renderPage } from './log-html.ts';

export interface LogPage {
  url: string;
  close(): Promise<void>;
}

const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
  'x-content-type-options': 'nosniff',
} as const;

/**
 * Serves the log on loopback: `/` for people, `/log.jsonl` for programs, `/health`. Throws
 * `storage-failed` when the port is taken; port 0 takes a free one.
 */
export async function openLogPage(
  port: number,
  source: { view(): PageView; logFile(): string | undefined },
): Promise<LogPage> {
  const server = createServer((request, response) => {
    // The target as it came: as an address it would have to be parsed, and `//` is none.
    const [pathname] = (request.url ?? '').split('?');
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return answer(response, { status: 405, type: 'text/plain', body: 'read only; use GET\n' });
    }
    switch (pathname) {
      case '/':
        return answer(response, {
          status: 200,
          type: 'text/html; charset=utf-8',
          body: renderPage(source.view()),
        });
      case '/health': {
        const { phase, reason, judged, waiting, tally, key } = source.view();
        const body = { status: 'ok', phase, reason, judged, waiting, verdicts: tally.counts, key };
        return answer(response, {
          status: 200,
          type: 'application/json',
          body: `${JSON.stringify(body)}\n`,
        });
      }
      case '/log.jsonl':
        return void sendLog(response, source.logFile());
      default:
        return answer(response, {
          status: 404,
          type: 'text/plain',
          body: 'not found; see /, /log.jsonl or /health\n',
        });
    }
  });
  server.requestTimeout = 10_000;
  server.maxConnections = 256;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(refusePort(port, error)));
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${address.port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function refusePort(port: number, error: Error): Error {
  if (!hasCode(error, 'EADDRINUSE')) return error;
  const message = `port ${port} is in use; choose another with --log-port, or 0 for any free one`;
  return fault('busy', message, error);
}

function answer(
  response: ServerResponse,
  { status, type, body }: { status: number; type: string; body: string },
): void {
  response.writeHead(status, { ...HEADERS, 'content-type': type });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

/** Streams what was in the file when asked: whole lines only, as it is appended in whole lines. */
async function sendLog(response: ServerResponse, file: string | undefined): Promise<void> {
  const size =
    file === undefined
      ? 0
      : await stat(file).then(
          ({ size }) => size,
          () => 0,
        );
  response.writeHead(200, {
    ...HEADERS,
    'content-type': 'application/jsonl',
    'content-length': size,
  });
  if (file === undefined || size === 0 || response.req.method === 'HEAD')
    return void response.end();
  const stream = createReadStream(file, { end: size - 1 });
  stream.on('error', () => response.destroy());
  response.on('close', () => stream.destroy());
  stream.pipe(response);
}
