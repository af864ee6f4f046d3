import { expect, it } from 'vitest';
import type { DeveloperId } from '#protocol/values/ids.ts';
import { checkRoom, MODEL_BYTES_OF_KEY_MAX, MODELS_OF_KEY_MAX } from './kept-models.ts';

const key = { id: 'dev_0123456789abcdef' as DeveloperId, name: 'mine' };
const holding = (held: { models: number; bytes: number }) => ({
  find: async () => undefined,
  list: async () => [],
  held: async () => held,
});

it.each([
  ['one model fewer than a key may keep', { models: MODELS_OF_KEY_MAX - 1, bytes: 0 }, 'taken'],
  ['as many models as a key may keep', { models: MODELS_OF_KEY_MAX, bytes: 0 }, 'models-full'],
  ['room for exactly these bytes', { models: 1, bytes: MODEL_BYTES_OF_KEY_MAX - 10 }, 'taken'],
  ['room for a byte less', { models: 1, bytes: MODEL_BYTES_OF_KEY_MAX - 9 }, 'models-full'],
])('a key with %s is answered so', async (_, held, said) => {
  const found = await checkRoom(holding(held), key, 10).then(
    () => 'taken',
    (error) => error.refusal.code,
  );
  expect(found).toBe(said);
});
