import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { CONTROL_PATH } from '#protocol/messages/control.ts';
import { PocketgridError, refusal } from '#protocol/values/refusal.ts';
import { SIGNALLING_SOCKET_PATH } from './peering/signalling.ts';
import type { Certificate } from './process/lan.ts';
import { nameNetwork } from './process/networks.ts';
import { isOwnOrigin } from './process/origins.ts';
import { rejectUpgrade, type Upgrade } from './sockets/web-socket.ts';

/** Connections of one address at once (of IPv6, a network of 64 bits); one more is ended. */
const CONNECTIONS_PER_ADDRESS = 1_000;
/** A gigabyte of uploads over a slow line takes this long. */
const REQUEST_DEADLINE_MS = 30 * 60_000;

/** An HTTP or HTTPS server that listens. */
export interface Listener {
  readonly port: number;
  /** Takes no more connections; resolves when the last one has ended. */
  drain(): Promise<void>;
  /** Ends plain HTTP connections at once. */
  dropConnections(): void;
}

/** One port for all: requests, and upgrades by their path. */
export async function openListener(options: {
  host: string;
  port: number;
  certificate: Certificate | undefined;
  answer: RequestListener;
  /** Of pages that may open sockets, beside those of this server. */
  origins?: readonly string[];
  control(upgrade: Upgrade): void;
  signalling(upgrade: Upgrade): void;
}): Promise<Listener> {
  const { certificate, answer } = options;
  const settings = { requestTimeout: REQUEST_DEADLINE_MS };
  const server: Server =
    certificate === undefined
      ? createServer(settings, answer)
      : createTlsServer({ ...settings, ...certificate }, answer);
  server.on('upgrade', (request, socket, head) => {
    const upgrade: Upgrade = { request, socket, head };
    const path = (request.url ?? '').split('?', 1)[0];
    if (!isOwnOrigin(request, options.origins)) {
      const message = 'pages of this origin may not connect; the operator names it with --origin';
      rejectUpgrade(socket, '403 Forbidden', message);
    } else if (path === CONTROL_PATH) options.control(upgrade);
    else if (path === SIGNALLING_SOCKET_PATH) options.signalling(upgrade);
    else rejectUpgrade(socket, '404 Not Found', `connect to ${CONTROL_PATH}; no socket is here`);
  });
  boundConnections(server);
  await listen(server, options);
  return {
    port: (server.address() as AddressInfo).port,
    drain: () => new Promise((resolve) => server.close(() => resolve())),
    dropConnections: () => server.closeAllConnections(),
  };
}

/** This machine itself is not bounded: a proxy on it connects for everybody. */
function boundConnections(server: Server): void {
  const counts = new Map<string, number>();
  server.on('connection', (socket: Socket) => {
    const name = nameNetwork(socket.remoteAddress);
    if (name === undefined) return;
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    socket.once('close', () => {
      const left = (counts.get(name) ?? 1) - 1;
      if (left === 0) counts.delete(name);
      else counts.set(name, left);
    });
    if (count > CONNECTIONS_PER_ADDRESS) socket.destroy();
  });
}

function listen(server: Server, { host, port }: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(explain(error, host, port)));
    server.listen({ host, port, backlog: 4096 }, () => {
      server.removeAllListeners('error');
      // Running out of file descriptors must not end the process; the next accept may work.
      server.on('error', () => undefined);
      resolve();
    });
  });
}

function explain(error: Error, host: string, port: number): Error {
  const code = 'code' in error ? error.code : '';
  if (code === 'EADDRINUSE') {
    const message = `port ${port} on ${host} is in use; stop what uses it or choose another with --port`;
    return new PocketgridError(refusal('busy', message), { cause: error });
  }
  if (code === 'EACCES') {
    const message = `port ${port} is not allowed for this user; choose one above 1023 with --port`;
    return new PocketgridError(refusal('request-invalid', message), { cause: error });
  }
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    const message = `this machine has no address ${host}; choose another with --host`;
    return new PocketgridError(refusal('request-invalid', message), { cause: error });
  }
  return error;
}
