import { expect, it } from 'vitest';
import { TEXTS_MAX } from '#protocol/openai/embeddings.ts';
import { openClient } from './client.ts';
import { embed } from './embeddings.ts';

/** A hub whose vector of a text is the text's number; a network that gives it at once. */
function openFake(change: <T>(data: T[]) => T[] = (data) => data) {
  const sizes: number[] = [];
  const client = openClient({
    hub: 'http://hub:8787/',
    async send(request) {
      const { input } = (await request.json()) as { input: string[] };
      sizes.push(input.length);
      const encode = (text: string) =>
        Buffer.from(new Float32Array([Number(text)]).buffer).toString('base64');
      const data = input.map((text, index) => ({ index, embedding: encode(text) }));
      return Response.json({ object: 'list', data: change(data) });
    },
  });
  return { client, sizes };
}
const TEXTS = Array.from({ length: TEXTS_MAX + 3 }, (_, at) => `${at}`);

it('more texts than a request may have come in chunks, and their vectors in order', async () => {
  const { client, sizes } = openFake();
  const found = await embed(client, { model: 'm', texts: TEXTS });
  expect(sizes).toEqual([TEXTS_MAX, 3]);
  expect(found.ok && found.value.map(([value]) => value)).toEqual(TEXTS.map(Number));
});

it('vectors that are missing or out of order are refused', async () => {
  for (const change of [<T>(data: T[]) => data.slice(1), <T>(data: T[]) => data.toReversed()]) {
    const { client } = openFake(change);
    expect(await embed(client, { model: 'm', texts: ['1', '2'] })).toMatchObject({
      refusal: { code: 'message-malformed', message: expect.stringContaining('for 2 texts') },
    });
  }
});
