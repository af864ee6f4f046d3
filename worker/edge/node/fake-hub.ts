import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Root } from '#protocol/values/ids.ts';

/** The download part of a hub, with the ways in which a network fails; for tests. */
export interface FakeHub {
  url: URL;
  /** The first byte of each range that was asked for, in order. */
  asked: number[];
  layer: Uint8Array;
  ignoresRanges: boolean;
  /** Answers so many more ranges, then hangs up in the middle of each. */
  breakAfter(ranges: number): void;
  /** Answers no range until `heal`. */
  hold(): void;
  heal(): void;
  close(): Promise<void>;
}

export async function fakeHub(blob: {
  root: Root;
  data: Uint8Array;
  layer: Uint8Array;
}): Promise<FakeHub> {
  let left = Number.POSITIVE_INFINITY;
  let healed = Promise.resolve();
  let release = (): void => undefined;

  const answerRange = async (request: IncomingMessage, answer: ServerResponse): Promise<void> => {
    const [, from = '0', to = '0'] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
    hub.asked.push(Number(from));
    await healed;
    left -= 1;
    const part = hub.ignoresRanges ? blob.data : blob.data.subarray(Number(from), Number(to) + 1);
    answer.writeHead(hub.ignoresRanges ? 200 : 206, { 'content-length': part.length });
    if (left >= 0) answer.end(part);
    else answer.write(part.subarray(0, part.length >> 1), () => answer.destroy());
  };
  const server = createServer((request, answer) => {
    if (request.url === `/v1/blobs/${blob.root}`) return void answerRange(request, answer);
    if (request.url === `/v1/blobs/${blob.root}/pieces`) return answer.end(hub.layer);
    answer.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const hub: FakeHub = {
    url: new URL(`http://127.0.0.1:${port}`),
    asked: [],
    layer: blob.layer,
    ignoresRanges: false,
    breakAfter(ranges) {
      left = ranges;
    },
    hold() {
      healed = new Promise((resolve) => {
        release = resolve;
      });
    },
    heal() {
      left = Number.POSITIVE_INFINITY;
      release();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return hub;
}
