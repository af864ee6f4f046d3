import { connect } from 'node:net';
import type { HostileSocket } from './stranger.ts';

const HEAD = [
  'POST /v1/payouts HTTP/1.1',
  'Host: 127.0.0.1',
  'Content-Type: application/json',
  'Content-Length: 5000',
];

/** Begins a call whose body does not come, or one whose head does not end. */
export function openSleeper(hub: string, localAddress: string): HostileSocket {
  const { hostname, port } = new URL(hub);
  const socket = connect({ host: hostname, port: Number(port), localAddress });
  socket.on('error', () => undefined);
  socket.on('connect', () => {
    const isHeadWhole = Math.random() < 0.5;
    socket.write(isHeadWhole ? `${HEAD.join('\r\n')}\r\n\r\n{"at":1` : HEAD.join('\r\n'));
  });
  socket.resume();
  return {
    closed: new Promise((resolve) => socket.on('close', () => resolve())),
    end: () => socket.destroy(),
  };
}
