import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type HubClient, openClient } from './client.ts';

/** A server that begins each answer, and says no more. */
const server = createServer((_, response) => response.writeHead(200).write('{'));
let hub: HubClient;
beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  hub = openClient({ hub: `http://127.0.0.1:${port}`, key: 'pg_x', retries: 0, patience: 0 });
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** What a long wait does to memory. */
async function collect(): Promise<void> {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  for (let round = 0; round < 6; round += 1) {
    gc();
    await setTimeout(20);
  }
}

it('a stream that its reader gives up ends, however much memory was collected meanwhile', async () => {
  const giveUp = new AbortController();
  const opened = await hub.stream('/v1/x', { signal: giveUp.signal, timeoutMs: 60_000 });
  if (!opened.ok) throw new Error(opened.refusal.message);
  const chunks = opened.value[Symbol.asyncIterator]();
  await chunks.next();
  const next = chunks.next();
  const ended = expect(next).rejects.toThrow('stopped');
  await collect();
  giveUp.abort();
  await ended;
}, 10_000);

it('an answer that stays away is late, however much memory was collected meanwhile', async () => {
  const asked = hub.bytes('/v1/x', { timeoutMs: 500 });
  await collect();
  expect(await asked).toMatchObject({ ok: false, refusal: { code: 'download-failed' } });
}, 10_000);
