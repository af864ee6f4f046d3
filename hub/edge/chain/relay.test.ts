import { expect, it } from 'vitest';
import type { ChainPost } from './reader.ts';
import { openChainRelay } from './relay.ts';

const CALLS_MAX = 64;
const LONG_MS = 60_000;
const headers = { 'Content-Type': 'application/json' };
const ask = (relay: ReturnType<typeof openChainRelay>) =>
  relay(new Request('http://hub/chain', { method: 'POST', body: '{}', headers }), undefined);

/** Ends when its time is over, as `fetch` does. */
const silent: ChainPost = (_body, signal) =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason));
  });

it('a relay passes 64 calls on at once, and the next when one has ended', async () => {
  const waiting: ((answer: Response) => void)[] = [];
  const relay = openChainRelay(() => new Promise((resolve) => waiting.push(resolve)), LONG_MS);
  const calls = Array.from({ length: CALLS_MAX }, () => ask(relay));
  await expect.poll(() => waiting.length).toBe(CALLS_MAX);
  expect((await ask(relay)).status).toBe(429);
  waiting[0]?.(new Response('{"id":1}'));
  expect(await (await calls[0])?.text()).toBe('{"id":1}');
  void ask(relay);
  await expect.poll(() => waiting.length).toBe(CALLS_MAX + 1);
});

it('a relay ends a call that the chain leaves unanswered, and one whose answer is too long', async () => {
  const late = await ask(openChainRelay(silent, 20));
  expect([late.status, await late.json()]).toMatchObject([504, { error: { code: 'chain-slow' } }]);
  const long = openChainRelay(async () => new Response(new Uint8Array(5 * 1024 * 1024)), LONG_MS);
  expect((await ask(long)).status).toBe(502);
});

it('a relay passes on what the chain refuses with its status', async () => {
  const relay = openChainRelay(
    async () => new Response('too many calls', { status: 429 }),
    LONG_MS,
  );
  const answer = await ask(relay);
  expect([answer.status, await answer.text()]).toEqual([429, 'too many calls']);
});

it('a relay takes JSON alone, and says who sent it', async () => {
  const callers: (string | undefined)[] = [];
  const relay = openChainRelay(async (_body, _signal, caller) => {
    callers.push(caller);
    return new Response('{}');
  }, LONG_MS);
  const post = (type: string, caller?: string) =>
    relay(
      new Request('http://hub/chain', {
        method: 'POST',
        body: '{}',
        headers: { 'Content-Type': type },
      }),
      caller,
    );
  expect((await post('application/json; charset=utf-8', '203.0.113.7')).status).toBe(200);
  expect((await post('application/json')).status).toBe(200);
  expect((await post('text/plain')).status).toBe(400);
  expect(callers).toEqual(['203.0.113.7', undefined]);
});

it('a relay has a place free while bodies come a byte at a time', async () => {
  const relay = openChainRelay(async () => new Response('{}'), LONG_MS);
  const body = () => new ReadableStream({ start: (it) => it.enqueue(Uint8Array.of(0x7b)) });
  for (let count = 0; count < 2 * CALLS_MAX; count += 1) {
    const init = { method: 'POST', body: body(), headers, duplex: 'half' } as RequestInit;
    void relay(new Request('http://hub/chain', init), undefined).catch(() => undefined);
  }
  expect((await ask(relay)).status).toBe(200);
});
