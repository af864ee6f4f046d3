import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Chain } from './chain.ts';

const BODY_BYTES_MAX = 64 * 1024;
/** Calls at once: each may run a transaction and write the chain to disk. */
const CALLS_MAX = 64;
const BODY_MS_MAX = 10_000;
const REQUEST_MS_MAX = 30_000;
const CONNECTIONS_MAX = 512;
/** As the hub sends it (`hub/edge/chain/relay.ts`). */
const CALLER_HEADER = 'pocketgrid-caller';
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
    const problem = problemOf(request);
    if (problem !== undefined) return end(response, problem.status, problem.message);
    try {
      // Before it counts as a call: a body may come a byte at a time.
      const body = await readBody(request);
      if (body === undefined)
        return end(response, 413, `a call has at most ${BODY_BYTES_MAX} bytes`);
      // Clients of Solana wait and try again after a 429.
      if (answering >= CALLS_MAX) return end(response, 429, 'too many calls; try again');
      answering += 1;
      try {
        end(response, 200, await chain.answer(body, callerOf(request)));
      } finally {
        answering -= 1;
      }
    } catch {
      // Only a caller that went away fails here: what the chain fails at is an answer of its own.
      response.destroy();
    }
  });
  server.maxConnections = CONNECTIONS_MAX;
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

/**
 * Pages of other sites can send a form or a text here without asking, and no JSON: whoever sends
 * JSON is a program, or a page of this server's own.
 */
function problemOf({ method, headers }: IncomingMessage) {
  if (method !== 'POST') return { status: 405, message: 'POST calls of JSON-RPC here' };
  const { origin, host } = headers;
  if (origin !== undefined && origin !== `http://${host}`) {
    return { status: 403, message: 'pages of other sites may not call this chain' };
  }
  if (/^application\/json\b/.test(headers['content-type'] ?? '')) return undefined;
  return { status: 415, message: 'send application/json' };
}

/** Whom a hub on this machine passes a call on for; else who calls, this machine being nobody. */
function callerOf({ headers, socket }: IncomingMessage): string | undefined {
  const address = socket.remoteAddress ?? '';
  const isLocal = /^(::1$|(::ffff:)?127\.)/.test(address);
  const named = headers[CALLER_HEADER];
  return isLocal ? (typeof named === 'string' ? named.slice(0, 64) : undefined) : address;
}

/** The text of a body; undefined when it is too long. Nothing past the limit is read. */
function readBody(request: IncomingMessage): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const late = setTimeout(() => reject(new Error('the body did not come in time')), BODY_MS_MAX);
    request.on('close', () => clearTimeout(late));
    request.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      length += chunk.length;
      if (length <= BODY_BYTES_MAX) return;
      request.pause();
      resolve(undefined);
    });
    request.on('end', () => {
      clearTimeout(late);
      resolve(Buffer.concat(chunks).toString('utf8'));
    });
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
