import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTlsFetch } from './tls-fetch.ts';

let server: Server;
let url: string;
let ca: string;
beforeAll(async () => {
  const names = { name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] };
  const made = await generate([{ name: 'commonName', value: '127.0.0.1' }], {
    extensions: [names] as never,
  });
  ca = made.cert;
  server = createServer({ key: made.private, cert: made.cert }, async (request, response) => {
    if (request.url === '/hang') return void response.write('begun');
    if (request.url === '/nothing') return void response.writeHead(204).end();
    const body = await text(request);
    response.setHeader('X-Method', request.method ?? '');
    response.end(`${request.headers.authorization} ${body}`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

it('a server whose certificate nobody signed answers who trusts it, and nobody else', async () => {
  await expect(fetch(url)).rejects.toThrow();
  const headers = { authorization: 'Bearer pg_1' };
  for (const trust of [{ ca }, { rejectUnauthorized: false } as const]) {
    const post = new Request(url, { method: 'POST', body: 'hello', headers });
    const answer = await openTlsFetch(trust)(post);
    expect([answer.status, answer.headers.get('x-method')]).toEqual([200, 'POST']);
    expect(await answer.text()).toBe('Bearer pg_1 hello');
  }
  expect((await openTlsFetch({ ca })(new Request(`${url}/nothing`))).status).toBe(204);
});

it('an aborted request ends before its answer and within it', async () => {
  const send = openTlsFetch({ ca });
  await expect(send(new Request(url, { signal: AbortSignal.abort() }))).rejects.toThrow();
  const stop = new AbortController();
  const answer = await send(new Request(`${url}/hang`, { signal: stop.signal }));
  const body = answer.text();
  stop.abort();
  await expect(body).rejects.toThrow();
});

it('a server that is not there is told by the code of the system', async () => {
  const send = openTlsFetch({ ca });
  await expect(send(new Request('https://127.0.0.1:1'))).rejects.toMatchObject({
    cause: { code: 'ECONNREFUSED' },
  });
});
