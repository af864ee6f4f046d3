import { X509Certificate } from 'node:crypto';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { generate } from 'selfsigned';
import * as v from 'valibot';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { checkPinned, Fingerprint, PinnedAgent, WrongCertificate } from './pinned-agent.ts';
import { openTlsFetch } from './tls-fetch.ts';

let server: Server;
let url: string;
let ca: string;
let pin: string;
beforeAll(async () => {
  const names = { name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] };
  const made = await generate([{ name: 'commonName', value: '127.0.0.1' }], {
    extensions: [names] as never,
  });
  ca = made.cert;
  const { fingerprint256 } = new X509Certificate(ca);
  pin = v.parse(Fingerprint, fingerprint256);
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
  for (const trust of [{ ca }, { pin }]) {
    const post = new Request(url, { method: 'POST', body: 'hello', headers });
    const answer = await openTlsFetch(trust)(post);
    expect([answer.status, answer.headers.get('x-method')]).toEqual([200, 'POST']);
    expect(await answer.text()).toBe('Bearer pg_1 hello');
  }
  expect((await openTlsFetch({ ca })(new Request(`${url}/nothing`))).status).toBe(204);
});

it('a server with another certificate than the pinned one hears nothing', async () => {
  let heard = 0;
  const count = () => {
    heard += 1;
  };
  server.on('request', count);
  const send = openTlsFetch({ pin: 'ab'.repeat(32) });
  for (let time = 0; time < 2; time += 1) {
    await expect(send(new Request(url))).rejects.toMatchObject({
      cause: expect.any(WrongCertificate),
    });
  }
  const socket = new WebSocket(url.replace('https', 'wss'), { agent: new PinnedAgent('00') });
  const error = await new Promise((resolve) => socket.once('error', resolve));
  expect(error).toBeInstanceOf(WrongCertificate);
  server.off('request', count);
  expect(heard).toBe(0);
});

it('a pin is a SHA-256 in hex, and of an address with TLS', () => {
  expect(v.is(Fingerprint, 'AB:CD')).toBe(false);
  expect(() => checkPinned(new URL('http://127.0.0.1'), pin)).toThrow('name the https address');
  checkPinned(new URL('http://127.0.0.1'), undefined);
  checkPinned(new URL(url), pin);
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
