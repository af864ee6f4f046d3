import { connect, createServer, type Socket } from 'node:net';

const CHUNK_BYTES = 4_096;

/** A line in kbit/s each way, with its round trip. */
export interface Line {
  downKbits: number;
  upKbits: number;
  rttMs: number;
}

export interface SlowLine {
  port: number;
  /** Bytes that have come down. */
  received(): number;
  close(): void;
}

/** Opens a TCP proxy before a port of this machine: a line that all its connections share. */
export async function openSlowLine(to: number, line: Line, port = 0): Promise<SlowLine> {
  const down = openDirection(line.downKbits, line.rttMs / 2);
  const up = openDirection(line.upKbits, line.rttMs / 2);
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(to, '127.0.0.1');
    for (const [one, other, way] of [
      [near, far, up],
      [far, near, down],
    ] as const) {
      sockets.add(one);
      one.setNoDelay(true);
      one.on('error', () => undefined);
      one.on('data', (data) => way.carry(data, one, other));
      one.on('close', () => {
        sockets.delete(one);
        way.end(other);
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: address !== null && typeof address === 'object' ? address.port : 0,
    received: () => down.carried(),
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** One way of the line: what is sent arrives in the order it came, at its speed, after its delay. */
function openDirection(kbits: number, delayMs: number) {
  const queue: { bytes: number; leave(): void; arrive(): void }[] = [];
  let freeAt = 0;
  let carried = 0;
  let isBusy = false;
  const pump = (): void => {
    const next = queue.shift();
    isBusy = next !== undefined;
    if (next === undefined) return;
    const now = performance.now();
    freeAt = Math.max(freeAt, now) + (next.bytes * 8) / kbits;
    setTimeout(() => {
      carried += next.bytes;
      next.leave();
      // Timers of one length go off in their order.
      setTimeout(next.arrive, delayMs);
      pump();
    }, freeAt - now);
  };
  const send = (part: { bytes: number; leave?(): void; arrive?(): void }): void => {
    queue.push({ leave: () => undefined, arrive: () => undefined, ...part });
    if (!isBusy) pump();
  };
  return {
    carried: () => carried,
    carry(data: Buffer, from: Socket, to: Socket): void {
      from.pause();
      for (let at = 0; at < data.length; at += CHUNK_BYTES) {
        const chunk = data.subarray(at, at + CHUNK_BYTES);
        const arrive = () => void (to.destroyed || to.write(chunk));
        send({ bytes: chunk.length, arrive });
      }
      // The sender goes on when the last of it is on the line: no line holds a whole file.
      send({ bytes: 0, leave: () => from.resume() });
    },
    end: (to: Socket) => send({ bytes: 0, arrive: () => to.end() }),
  };
}
