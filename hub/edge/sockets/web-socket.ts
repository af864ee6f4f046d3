import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type Server, type ServerOptions, WebSocket, WebSocketServer } from 'ws';

export { WebSocket };

const PONG_BYTES_MAX = 64 * 1024;

/** A WebSocket server that listens nowhere: its owner routes upgrades to it. */
export function openWebSocketServer<TSocket extends typeof WebSocket = typeof WebSocket>(
  options: Pick<ServerOptions<TSocket>, 'maxPayload' | 'WebSocket'>,
): Server<TSocket> {
  const all = {
    ...options,
    noServer: true,
    clientTracking: false,
    // A deflate context costs 300 kB a socket; control messages are short.
    perMessageDeflate: false,
    // Answered by `answerPings`: the library keeps its answers for whoever does not read.
    autoPong: false,
    // Not in the library's types yet: how long a closing handshake may take, in milliseconds.
    closeTimeout: 2_000,
  };
  return new WebSocketServer<TSocket>(all);
}

/** Accepts an upgrade; a wrong handshake is answered 400 and `opened` is not called. */
export function acceptUpgrade<TSocket extends typeof WebSocket>(
  server: Server<TSocket>,
  upgrade: Upgrade,
  opened: (socket: InstanceType<TSocket>) => void,
): void {
  const { request, socket, head } = upgrade;
  server.handleUpgrade(request, socket, head, (webSocket) => opened(webSocket));
}

/** Answers pings of a socket that takes the answers. */
export function answerPings(socket: WebSocket): void {
  socket.on('ping', (data) => {
    if (socket.bufferedAmount > PONG_BYTES_MAX) socket.terminate();
    else socket.pong(data);
  });
}

/** What Node hands to an `upgrade` listener. */
export interface Upgrade {
  request: IncomingMessage;
  socket: Duplex;
  head: Buffer;
}

/** Turns an upgrade down with an HTTP status, then ends the connection. */
export function rejectUpgrade(socket: Duplex, status: string, message: string): void {
  const body = JSON.stringify({ error: { code: 'not-found', message } });
  socket.on('error', () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
