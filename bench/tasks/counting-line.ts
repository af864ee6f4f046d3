import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import type { BenchContext } from '../figure.ts';

/** A way to a hub that counts what goes over it. */
export interface CountingLine {
  /** Stands for the hub's own. */
  url: string;
  /** Bytes that went to the hub so far. */
  sent(): number;
}

/** Opens a way to the hub at `url`, over TCP; it closes when the bench is over. */
export async function openCountingLine(
  url: string,
  { defer }: Pick<BenchContext, 'defer'>,
): Promise<CountingLine> {
  const { hostname, port } = new URL(url);
  let sent = 0;
  const server = createServer((device) => {
    const hub = connect(Number(port), hostname);
    device.on('data', (bytes) => {
      sent += bytes.length;
    });
    device.pipe(hub).pipe(device);
    const end = () => {
      device.destroy();
      hub.destroy();
    };
    device.on('error', end).on('close', end);
    hub.on('error', end).on('close', end);
    defer(end);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  defer(() => void server.close());
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sent: () => sent,
  };
}
