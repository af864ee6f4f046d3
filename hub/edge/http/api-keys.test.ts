import { describe, expect, it } from 'vitest';
import { openMemoryStore } from '../store/store.ts';
import { createApiKey, findDeveloper } from './api-keys.ts';

describe('API keys', () => {
  it('are accepted once made, and no other text is', async () => {
    const store = await openMemoryStore();
    const key = await createApiKey(store, 'laptop');
    expect(key).toMatch(/^pg_[A-Za-z0-9_-]{43}$/);
    const developer = await findDeveloper(store, key);
    expect(developer).toMatch(/^dev_[0-9a-f]{16}$/);
    expect(await findDeveloper(store, key)).toBe(developer);
    const another = await createApiKey(store, 'laptop');
    expect(await findDeveloper(store, another)).not.toBe(developer);
    const swapped = `${key.slice(0, 10)}${key[10] === 'A' ? 'B' : 'A'}${key.slice(11)}`;
    for (const wrong of ['', 'pg_', swapped, `${key} `, key.slice(3), await otherKey()]) {
      expect(await findDeveloper(store, wrong)).toBeUndefined();
    }
    await store.close();
  });

  it('reach the store only as a hash', async () => {
    const put: string[][] = [];
    const key = await createApiKey({ putKey: async (...kept) => void put.push(kept) }, 'laptop');
    expect(put).toEqual([[expect.stringMatching(/^[0-9a-f]{64}$/), 'laptop']]);
    expect(JSON.stringify(put)).not.toContain(key.slice(3, 20));
  });
});

const otherKey = async () => createApiKey(await openMemoryStore(), 'elsewhere');
