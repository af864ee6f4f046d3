import { expect, it } from 'vitest';
import type { DeveloperId } from '#protocol/values/ids.ts';
import { instant } from '#protocol/values/units.ts';
import type { EndedCall } from './answers.ts';
import type { StoreWorld } from './store-world.ts';

const OWNER = 'dev_0000000000000001' as DeveloperId;
const OTHER = 'dev_0000000000000002' as DeveloperId;
const callOf = (name: string, owner = OWNER) => ({ owner, name });
const endOf = (body: string | null): EndedCall => ({ digest: 'd', status: 201, body });
const WIDE = { count: 10, characters: 1_000 };

/** What every store keeps of calls with idempotency keys. */
export function checkAnswerStore(open: () => Promise<StoreWorld>): void {
  it('keeps that a call began and how it ended, by key and name, until its time is over', async () => {
    const { store, reopen } = await open();
    const { answers } = store;
    await answers.begin(callOf('a'), 'seed', instant(100));
    expect(await answers.find(callOf('a'), instant(100))).toEqual({ seed: 'seed' });
    expect(await answers.find(callOf('a', OTHER), instant(0))).toBeUndefined();
    expect(await answers.find(callOf('a'), instant(101))).toBeUndefined();
    await answers.end(callOf('a'), endOf('{"id":1}'), WIDE);
    await answers.begin(callOf('b'), 'other', instant(200));
    await answers.end(callOf('b'), endOf(null), WIDE);
    const whole = { seed: 'seed', ended: { digest: 'd', status: 201, body: '{"id":1}' } };
    expect(await answers.find(callOf('a'), instant(0))).toEqual(whole);
    await answers.expire(instant(200));
    expect(await answers.find(callOf('a'), instant(0))).toBeUndefined();
    await answers.begin(callOf('b'), 'again', instant(300));
    expect(await answers.find(callOf('b'), instant(0))).toEqual({ seed: 'again' });
    await answers.begin(callOf('c'), 'c', instant(300));
    await answers.drop(callOf('c'));
    await store.close();
    const again = await reopen?.();
    if (again === undefined) return;
    expect(await again.answers.find(callOf('b'), instant(0))).toEqual({ seed: 'again' });
    expect(await again.answers.find(callOf('c'), instant(0))).toBeUndefined();
    await again.close();
  });

  it('keeps an answer of 16 MiB whole', async () => {
    const { store } = await open();
    const body = 'ä'.repeat(16 * 1024 ** 2);
    await store.answers.begin(callOf('a'), 's', instant(1));
    await store.answers.end(callOf('a'), endOf(body), { count: 1, characters: body.length });
    const found = await store.answers.find(callOf('a'), instant(0));
    expect(found?.ended?.body === body).toBe(true);
    await store.close();
  });

  it.each([
    ['number', { count: 2, characters: 1_000 }, ['b', 'c']],
    ['length', { count: 10, characters: 25 }, ['b', 'c']],
    ['length, the newest as well', { count: 10, characters: 5 }, []],
  ])(
    'drops the oldest answers of a key past a bound of %s, and none of another',
    async (...[, bounds, left]) => {
      const { store } = await open();
      const { answers } = store;
      const all = [callOf('z', OTHER), ...['a', 'b', 'c'].map((name) => callOf(name))];
      for (const [at, call] of all.entries()) {
        await answers.begin(call, 's', instant(at));
        await answers.end(call, endOf('x'.repeat(10)), call.owner === OTHER ? WIDE : bounds);
      }
      const found = await Promise.all(all.map((call) => answers.find(call, instant(0))));
      expect(all.filter((_, at) => found[at] !== undefined).map(({ name }) => name)).toEqual([
        ...['z', ...left],
      ]);
      await store.close();
    },
  );
}
