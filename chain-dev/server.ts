import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Chain } from './chain.ts';

const BODY_BYTES_MAX = 64 * 1024;
/** Calls at once: each may run a transaction and write the chain to disk. */
const CALLS_MAX = 64;
const REQUEST_MS_MAX = 30_000;
const HEADERS = {
  'Content-Type': 'application/json',
  'Cache-Control': 'no-store',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
};

export interface ChainServer {
  url: string;
  /** Drops every connection and closes the chain. */
  close(): Promise<void>;
}

/**
 * Serves a chain on one port: JSON-RPC by POST on any path. No page of another origin may read it.
 */
export async function openChainServer(
  chain: Pick<Chain, 'answer' | 'close'>,
  { host, port }: { host: string; port: number },
): Promise<ChainServer> {
  let answering = 0;
  const server = createServer({ requestTimeout: REQUEST_MS_MAX }, async (request, response) => {
    if (request.method !== 'POST') return end(response, 405, 'POST calls of JSON-RPC here');
    // Clients of Solana wait and try again after a 429.
    if (answering >= CALLS_MAX) return end(response, 429, 'too many calls; try again');
    answering += 1;
    try {
      const body = await readBody(request);
      if (body === undefined)
        return end(response, 413, `a call has at most ${BODY_BYTES_MAX} bytes`);
      end(response, 200, await chain.answer(body));
    } catch {
      // Only a caller that went away fails here: what the chain fails at is an answer of its own.
      response.destroy();
    } finally {
      answering -= 1;
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const shown = host.includes(':') ? `[${host}]` : host;
  return {
    url: `http://${shown}:${(server.address() as AddressInfo).port}`,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await chain.close();
      await closed;
    },
  };
}

/** The text of a body; undefined when it is too long. Nothing past the limit is read. */
function readBody(request: IncomingMessage): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      length += chunk.length;
      if (length <= BODY_BYTES_MAX) return;
      request.pause();
      resolve(undefined);
    });
    request.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    request.on('error', reject);
  });
}

/**
 * Ends with a value as JSON; after a refusal the connection ends too, since its body may be unread.
 */
function end(response: ServerResponse, status: number, value: unknown): void {
  const headers = status === 200 ? HEADERS : { ...HEADERS, Connection: 'close' };
  response.writeHead(status, headers).end(JSON.stringify(value));
}
