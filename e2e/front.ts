import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

/** A server before a hub that changes some of what the hub serves: it is at times a newer build. */
export interface Front {
  readonly url: string;
  /**
   * Answers for a path from now on: with another text, or, for null, that there is none. Returns what ends
   * that.
   */
  change(path: string | RegExp, text: ((hubs: string) => string) | null): () => void;
  close(): Promise<void>;
}

type Changed = { path: string | RegExp; text: ((hubs: string) => string) | null };

/** Opens a front before a hub; what is not changed passes through as it is, sockets too. */
export async function openFront(hub: string): Promise<Front> {
  const target = new URL(hub);
  const changes = new Set<Changed>();
  const find = (url = '/') => {
    const [path = '/'] = url.split('?', 1);
    return [...changes].findLast(({ path: of }) =>
      typeof of === 'string' ? of === path : of.test(path),
    );
  };
  const pass = ({ url, method, headers }: IncomingMessage) =>
    request({ host: target.hostname, port: target.port, path: url, method, headers });
  const server = createServer(async (asked, answer) => {
    const change = find(asked.url);
    if (change?.text === null) return void answer.writeHead(404).end();
    if (change !== undefined) {
      const given = await fetch(new URL(asked.url ?? '/', hub));
      const headers = Object.fromEntries(given.headers);
      for (const name of ['content-length', 'content-encoding', 'etag']) delete headers[name];
      return void answer.writeHead(given.status, headers).end(change.text(await given.text()));
    }
    const passed = pass(asked);
    passed.on('response', (given) => {
      answer.writeHead(given.statusCode ?? 502, given.headers);
      given.pipe(answer);
    });
    passed.on('error', () => answer.destroy());
    asked.pipe(passed);
  });
  const sockets = new Set<Duplex>();
  server.on('upgrade', (asked, socket, head) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    const passed = pass(asked);
    passed.on('response', () => socket.destroy());
    passed.on('upgrade', (given, wire, first) => {
      const lines = given.rawHeaders.reduce(
        (text, each, at) => text + each + (at % 2 === 0 ? ': ' : '\r\n'),
        'HTTP/1.1 101 Switching Protocols\r\n',
      );
      socket.write(`${lines}\r\n`);
      wire.write(head);
      socket.write(first);
      wire.pipe(socket).pipe(wire);
      wire.on('error', () => socket.destroy());
      socket.on('error', () => wire.destroy());
    });
    passed.on('error', () => socket.destroy());
    passed.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    change(path, text) {
      const change = { path, text };
      changes.add(change);
      return () => void changes.delete(change);
    },
    close: () => endServer(server, sockets),
  };
}

function endServer(server: Server, sockets: ReadonlySet<Duplex>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
    for (const socket of sockets) socket.destroy();
  });
}
