import { describe, expect, it } from 'vitest';
import type { KeyRequest } from '#protocol/api/keys.ts';
import type { DeveloperId } from '#protocol/values/ids.ts';
import { instant } from '#protocol/values/units.ts';
import { openMemoryStore } from '../store/store.ts';
import { createApiKey, createFirstKey, findApiKey } from './api-keys.ts';

const request: KeyRequest = { name: 'laptop', role: 'developer', access: 'write' };

describe('API keys', () => {
  it('are found once made, and no other text is', async () => {
    const { keys, close } = await openMemoryStore();
    const { key, ...view } = await createApiKey(keys, request);
    expect(key).toMatch(/^pg_[A-Za-z0-9_-]{43}$/);
    expect(view.id).toMatch(/^dev_[0-9a-f]{16}$/);
    expect(await findApiKey(keys, key)).toEqual(view);
    expect((await createApiKey(keys, request)).id).not.toBe(view.id);
    const swapped = `${key.slice(0, 10)}${key[10] === 'A' ? 'B' : 'A'}${key.slice(11)}`;
    for (const wrong of ['', 'pg_', swapped, `${key} `, key.slice(3), await otherKey()]) {
      expect(await findApiKey(keys, wrong)).toBeUndefined();
    }
    await close();
  });

  it('reach the store only as a hash', async () => {
    const put: unknown[][] = [];
    const { key } = await createApiKey({ put: async (...kept) => void put.push(kept) }, request);
    expect(put).toEqual([
      [expect.stringMatching(/^[0-9a-f]{64}$/), expect.objectContaining({ name: 'laptop' })],
    ]);
    expect(JSON.stringify(put)).not.toContain(key.slice(3, 20));
  });

  it('begin with one of the operator, made once', async () => {
    const { keys, close } = await openMemoryStore();
    const first = await createFirstKey(keys);
    expect(await findApiKey(keys, first ?? '')).toMatchObject({ role: 'operator' });
    expect(await createFirstKey(keys)).toBeUndefined();
    await close();
  });

  it("a given one is the operator's until it is revoked, and no other is made", async () => {
    const { keys, close } = await openMemoryStore();
    const given = `pg_${'g'.repeat(43)}`;
    for (const _ of [1, 2]) expect(await createFirstKey(keys, given)).toBeUndefined();
    const [view, ...others] = await keys.list();
    expect([view?.role, others]).toEqual(['operator', []]);
    await keys.revoke(view?.id as DeveloperId, instant(7));
    await createFirstKey(keys, given);
    expect(await findApiKey(keys, given)).toMatchObject({ revokedAt: 7 });
    await expect(createFirstKey(keys, 'pg_short')).rejects.toThrow('43 letters');
    await close();
  });
});

const otherKey = async () => (await createApiKey((await openMemoryStore()).keys, request)).key;
