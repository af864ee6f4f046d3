import * as v from 'valibot';
import { afterEach, expect, it, vi } from 'vitest';
import { type ClientOptions, openClient } from './client.ts';
import { once } from './once.ts';

const Answer = v.strictObject({ value: v.number() });
const REFUSED = { error: { code: 'job-unknown', message: 'there is no such job' } };

afterEach(() => vi.useRealTimers());

/**
 * A client of a hub that gives these answers one after the other; an error stands for a cut line.
 */
function openFake(
  answers: (Response | Error | (() => Promise<Response>))[],
  options: Partial<ClientOptions> = {},
) {
  const asked: Request[] = [];
  const client = openClient({
    hub: 'http://hub:8787/',
    ...options,
    async send(request) {
      asked.push(request);
      const next = answers.shift() ?? new Error('asked too often');
      if (next instanceof Error) throw new TypeError('fetch failed', { cause: next });
      return next instanceof Response ? next : next();
    },
  });
  return { client, asked };
}

/** A body that gives these chunks, and then goes on, ends or breaks off. */
const bodyOf = (chunks: readonly string[], then: 'end' | 'hang' | 'break' = 'end') => {
  let at = 0;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const chunk = chunks[at];
      at += 1;
      if (chunk !== undefined) controller.enqueue(new TextEncoder().encode(chunk));
      else if (then === 'end') controller.close();
      else if (then === 'break') controller.error(new TypeError('terminated'));
      else await new Promise(() => undefined);
    },
  });
};

const cut = () => Object.assign(new Error('gone'), { code: 'ECONNREFUSED' });
const late = (seconds: string) =>
  new Response(JSON.stringify({ error: { code: 'message-rate', message: 'wait' } }), {
    status: 429,
    headers: { 'Retry-After': seconds },
  });

it('a call sends the key and JSON, and decodes the answer', async () => {
  const { client, asked } = openFake([Response.json({ value: 7 })], { key: 'pg_1' });
  const found = await client.ask(Answer, '/v1/a?b=1', { method: 'POST', json: { c: 2 } });
  expect(found).toEqual({ ok: true, value: { value: 7 } });
  const [request] = asked;
  expect(request?.url).toBe('http://hub:8787/v1/a?b=1');
  expect(request?.method).toBe('POST');
  expect(Object.fromEntries(request?.headers ?? [])).toMatchObject({
    authorization: 'Bearer pg_1',
    'content-type': 'application/json',
  });
  expect(await request?.json()).toEqual({ c: 2 });
});

it('a call without a key sends none, and one with a changing key sends the newest', async () => {
  let ticket: string | undefined;
  const answers = [Response.json({ value: 1 }), Response.json({ value: 1 })];
  const { client, asked } = openFake(answers, { key: () => ticket });
  await client.ask(Answer, '/v1/a');
  ticket = 'new';
  await client.ask(Answer, '/v1/a');
  expect(asked.map(({ headers }) => headers.get('authorization'))).toEqual([null, 'Bearer new']);
});

it('a refusal of the hub comes back as it is, and is asked for once', async () => {
  const { client, asked } = openFake([Response.json(REFUSED, { status: 404 })]);
  expect(await client.ask(Answer, '/v1/a')).toEqual({ ok: false, refusal: REFUSED.error });
  expect(asked).toHaveLength(1);
});

it.each([
  ['text', new Response('hello')],
  ['no body', new Response(null)],
  ['a cut-off answer', new Response('{"value":')],
  ['another shape', Response.json({ value: '7' })],
  ['a field too many', Response.json({ value: 7, more: 1 })],
  ['a page of a proxy', new Response('<html>', { headers: { 'content-type': 'text/html' } })],
])('an answer that is %s is refused as malformed', async (_, response) => {
  const { client } = openFake([response]);
  expect(await client.ask(Answer, '/v1/a')).toMatchObject({
    ok: false,
    refusal: { code: 'message-malformed', message: expect.stringContaining('/v1/a') },
  });
});

it.each([
  [404, 'not-found'],
  [418, 'internal'],
  [500, 'internal'],
])('an error page with status %s is refused by its status', async (status, code) => {
  const { client } = openFake([new Response('<html>', { status })]);
  const found = await client.ask(Answer, '/v1/a');
  expect(found).toMatchObject({ ok: false, refusal: { code } });
});

it('an answer past its bound is refused, and read no further', async () => {
  let cancelled = false;
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(1_000)),
    cancel: () => {
      cancelled = true;
    },
  });
  const { client } = openFake([new Response(endless)]);
  const found = await client.bytes('/v1/a', { bytesMax: 10_000 });
  expect(found).toMatchObject({ ok: false, refusal: { code: 'message-too-long' } });
  expect(cancelled).toBe(true);
});

it('an answer as long as its bound is read whole', async () => {
  const { client } = openFake([new Response(bodyOf(['abc', 'def']))]);
  const found = await client.bytes('/v1/a', { bytesMax: 6 });
  expect(found.ok && new TextDecoder().decode(found.value)).toBe('abcdef');
});

it('a range is cut from the answer of a server that knows no ranges', async () => {
  const whole = () => new Response(bodyOf(['0123', '4567', '89'], 'hang'));
  const part = () => new Response('345', { status: 206 });
  const { client, asked } = openFake([whole(), part(), new Response('01234')]);
  for (const expected of ['345', '345', '34']) {
    const found = await client.range('/v1/a', { offset: 3, length: 3 });
    expect(found.ok && new TextDecoder().decode(found.value)).toBe(expected);
  }
  expect(asked[0]?.headers.get('range')).toBe('bytes=3-5');
});

it('a part that is longer than what was asked for is refused', async () => {
  const { client } = openFake([new Response('3456', { status: 206 })]);
  const found = await client.range('/v1/a', { offset: 3, length: 3 });
  expect(found).toMatchObject({ refusal: { code: 'message-too-long' } });
});

it('a GET that failed is made again, and another method is not', async () => {
  vi.useFakeTimers({ shouldAdvanceTime: true, advanceTimeDelta: 1_000 });
  const broken = () => new Response(bodyOf(['{"val'], 'break'));
  const reading = openFake([cut(), broken(), Response.json({ value: 7 })]);
  expect(await reading.client.ask(Answer, '/v1/a')).toEqual({ ok: true, value: { value: 7 } });
  expect(reading.asked).toHaveLength(3);
  const posting = openFake([cut(), Response.json({ value: 7 })]);
  expect(await posting.client.ask(Answer, '/v1/a', { method: 'POST' })).toMatchObject({
    ok: false,
    refusal: { code: 'download-failed', message: expect.stringContaining('ECONNREFUSED') },
  });
  expect(posting.asked).toHaveLength(1);
});

it('a POST that the hub does once is made again under one key, also while its first is in work', async () => {
  vi.useFakeTimers({ shouldAdvanceTime: true, advanceTimeDelta: 1_000 });
  const error = { code: 'idempotency-in-work', message: 'the first is in work' };
  const inWork = Response.json({ error }, { status: 409, headers: { 'retry-after': '1' } });
  const answers = [cut(), inWork, Response.json({ value: 7 }), Response.json({ value: 8 })];
  const { client, asked } = openFake(answers);
  const body = new FormData();
  body.append('options', '{}');
  expect(await client.ask(Answer, '/v1/a', once({ body }))).toEqual({
    ok: true,
    value: { value: 7 },
  });
  await client.ask(Answer, '/v1/a', once({ body }));
  const keys = asked.map(({ headers }) => headers.get('idempotency-key'));
  expect(new Set(keys.slice(0, 3)).size).toBe(1);
  expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
  expect(keys[3]).not.toBe(keys[0]);
  expect(await asked[2]?.text()).toContain('options');
});

it('a GET is given up after its last try', async () => {
  vi.useFakeTimers({ shouldAdvanceTime: true, advanceTimeDelta: 1_000 });
  const { client, asked } = openFake([cut(), cut(), cut(), cut()]);
  const found = await client.ask(Answer, '/v1/a');
  expect(found).toMatchObject({ refusal: { code: 'download-failed' } });
  expect(asked).toHaveLength(3);
  const once = openFake([cut(), Response.json({ value: 7 })], { retries: 0 });
  expect(await once.client.ask(Answer, '/v1/a')).toMatchObject({ ok: false });
});

it('a GET that comes too early waits as long as the hub says', async () => {
  vi.useFakeTimers();
  const { client, asked } = openFake([late('3'), Response.json({ value: 7 })]);
  const found = client.ask(Answer, '/v1/a');
  await vi.advanceTimersByTimeAsync(2_900);
  expect(asked).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(await found).toEqual({ ok: true, value: { value: 7 } });
});

it('a GET that would have to wait for long is refused at once', async () => {
  const { client, asked } = openFake([late('60'), Response.json({ value: 7 })]);
  const found = await client.ask(Answer, '/v1/a');
  expect(found).toMatchObject({ refusal: { code: 'message-rate' } });
  expect(asked).toHaveLength(1);
});

it('a hub that is silent, or that stops within its answer, is left after the time limit', async () => {
  for (const hang of [
    () => new Promise<Response>(() => undefined),
    async () => new Response(bodyOf(['{'], 'hang')),
  ]) {
    vi.useFakeTimers();
    const client = openClient({
      hub: 'http://hub',
      timeoutMs: 1_000,
      // As `fetch` does: an abort ends the request and its body.
      send: ({ signal }) => abortable(hang(), signal),
    });
    const found = client.ask(Answer, '/v1/a');
    await vi.advanceTimersByTimeAsync(1_001);
    expect(await found).toMatchObject({
      refusal: { code: 'download-failed', message: expect.stringContaining('in time') },
    });
  }
});

/** An answer that ends with a signal, head and body. */
async function abortable(answer: Promise<Response>, signal: AbortSignal): Promise<Response> {
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')));
  });
  aborted.catch(() => undefined);
  const response = await Promise.race([answer, aborted]);
  const reader = response.body?.getReader();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = await Promise.race([reader?.read(), aborted]);
      if (next === undefined || next.done) controller.close();
      else controller.enqueue(next.value);
    },
  });
  return new Response(body, { status: response.status, headers: response.headers });
}

it('a call ends at once when it is stopped, also while it waits to be made again', async () => {
  const stop = new AbortController();
  const { client, asked } = openFake([late('9'), Response.json({ value: 7 })]);
  const found = client.ask(Answer, '/v1/a', { signal: stop.signal });
  await vi.waitFor(() => expect(asked).toHaveLength(1));
  stop.abort();
  expect(await found).toMatchObject({ ok: false });
  const stopped = client.ask(Answer, '/v1/a', { signal: stop.signal });
  expect(await stopped).toMatchObject({ refusal: { message: 'The call was stopped.' } });
});

it('a stream gives chunks as they come, and throws a refusal where it breaks off', async () => {
  const { client } = openFake([new Response(bodyOf(['ab', 'cd'], 'break'))]);
  const found = await client.stream('/v1/a');
  if (!found.ok) throw new Error(found.refusal.message);
  const seen: string[] = [];
  const read = async () => {
    for await (const chunk of found.value) seen.push(new TextDecoder().decode(chunk));
  };
  await expect(read()).rejects.toMatchObject({ refusal: { code: 'download-failed' } });
  expect(seen).toEqual(['ab', 'cd']);
});

it('a stream may take long as a whole, and is left when it falls silent', async () => {
  vi.useFakeTimers();
  const chunks = (async function* () {
    for (let at = 0; at < 5; at += 1) {
      await new Promise((resolve) => setTimeout(resolve, 800));
      yield new TextEncoder().encode('x');
    }
    await new Promise(() => undefined);
  })();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = await chunks.next();
      if (!next.done) controller.enqueue(next.value);
    },
  });
  const client = openClient({
    hub: 'http://hub',
    timeoutMs: 1_000,
    send: ({ signal }) => abortable(Promise.resolve(new Response(body)), signal),
  });
  const found = await client.stream('/v1/a');
  if (!found.ok) throw new Error(found.refusal.message);
  let seen = 0;
  const read = (async () => {
    for await (const _ of found.value) seen += 1;
  })();
  read.catch(() => undefined);
  await vi.advanceTimersByTimeAsync(4_500);
  expect(seen).toBe(5);
  await vi.advanceTimersByTimeAsync(1_000);
  await expect(read).rejects.toMatchObject({ refusal: { code: 'download-failed' } });
});

it('leaving a stream early ends the download', async () => {
  let cancelled = false;
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(10)),
    cancel: () => {
      cancelled = true;
    },
  });
  const { client } = openFake([new Response(endless)]);
  const found = await client.stream('/v1/a');
  if (!found.ok) throw new Error(found.refusal.message);
  for await (const _ of found.value) break;
  expect(cancelled).toBe(true);
});

it('a call that has ended keeps no timer: a program ends when its calls have', async () => {
  vi.useFakeTimers();
  const stop = new AbortController();
  for (const answer of [
    Response.json({ value: 7 }),
    Response.json({ value: '7' }),
    Response.json(REFUSED, { status: 404 }),
    new Response('<html>', { status: 418 }),
    new Response(bodyOf(['{'], 'break')),
    cut(),
  ]) {
    const { client } = openFake([answer], { retries: 0 });
    await client.ask(Answer, '/v1/a', { signal: stop.signal });
    expect(vi.getTimerCount()).toBe(0);
  }
  for (const leave of [true, false]) {
    const { client } = openFake([new Response(bodyOf(['ab', 'cd']))]);
    const found = await client.stream('/v1/a');
    if (!found.ok) throw new Error(found.refusal.message);
    for await (const _ of found.value) if (leave) break;
    expect(vi.getTimerCount()).toBe(0);
  }
});
