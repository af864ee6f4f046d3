import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a receiver got: the headers, lower case, and the body. */
export interface Received {
  headers: Record<string, string>;
  body: string;
}

/** Stands for the server of a developer, for tests: it is on this machine, and answers as it is told. */
export interface FakeReceiver {
  url: string;
  received: Received[];
  /** How it answers from now on: a status, headers, or nothing at all. */
  answer: { status: number; headers?: Record<string, string> } | 'nothing';
  close(): Promise<void>;
}

export async function openFakeReceiver(): Promise<FakeReceiver> {
  const take = async (request: IncomingMessage, response: ServerResponse) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    receiver.received.push({ headers: request.headers as Record<string, string>, body });
    const { answer } = receiver;
    if (answer === 'nothing') return;
    response.writeHead(answer.status, answer.headers).end('not read by anybody');
  };
  const server = createServer((request, response) => void take(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const receiver: FakeReceiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?of=test`,
    received: [],
    answer: { status: 204 },
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  return receiver;
}
