import { expect, it } from 'vitest';
import type { Digest } from '#protocol/values/ids.ts';
import { instant, millis } from '#protocol/values/units.ts';
import { noteSpeed, openHeat } from './heat.ts';

const ON_GPU = { package: '12'.repeat(32) as Digest, provider: 'webgpu', threads: 1 } as const;

/** Runs shards of 2 s each, one after the other, of so many units, until it is to cool. */
function run(units: number[], { heat = openHeat(), from = 0, slowdownMax = 25 } = {}) {
  let now = from;
  for (const count of units) {
    now += 2_000;
    const shard = { ...ON_GPU, units: count, ms: millis(2_000), at: instant(now) };
    noteSpeed(heat, shard, slowdownMax);
    if ((heat.coolsUntil ?? 0) > now) break;
  }
  return { now, heat };
}
const same = (units: number, shards: number) => Array.from({ length: shards }, () => units);

it('a device that keeps its speed does not cool', () => {
  const { heat } = run([100, 98, 101, 95, 99, ...same(90, 40)]);
  expect(heat.coolsUntil).toBeUndefined();
});

it('a device that becomes slower cools for a minute, then for longer', () => {
  const first = run([...same(100, 20), ...same(60, 20)]);
  expect(first.heat).toMatchObject({ coolsUntil: first.now + 60_000, slower: 25 });
  const again = run(same(60, 20), { heat: first.heat, from: first.now + 60_000 });
  expect(again.heat.coolsUntil).toBe(again.now + 120_000);
});

it('a device that is fast again begins with a minute the next time', () => {
  const first = run([...same(100, 20), ...same(60, 20)]);
  const fast = run(same(100, 20), { heat: first.heat, from: first.now + 60_000 });
  const again = run(same(60, 20), { heat: fast.heat, from: fast.now });
  expect(again.heat.coolsUntil).toBe(again.now + 60_000);
});

it('a device that no pause makes faster is taken as it is', () => {
  let { heat, now } = run(same(100, 20));
  for (let pause = 0; pause < 5; pause += 1) {
    ({ now } = run(same(60, 20), { heat, from: Math.max(now, heat.coolsUntil ?? 0) }));
  }
  const after = run(same(60, 60), { heat, from: Math.max(now, heat.coolsUntil ?? 0) });
  expect(after.heat.coolsUntil).toBeLessThan(after.now - 60_000);
});

it.each([
  ['package', { package: '34'.repeat(32) as Digest }],
  ['provider', { provider: 'wasm' as const }],
  ['count of threads', { threads: 2 }],
])('another %s has a baseline of its own', (_, other) => {
  const { heat, now } = run(same(100, 20));
  const shard = { ...ON_GPU, ...other, units: 1, ms: millis(4_000) };
  noteSpeed(heat, { ...shard, at: instant(now + 4_000) }, 25);
  noteSpeed(heat, { ...shard, at: instant(now + 8_000) }, 25);
  expect(heat.coolsUntil).toBeUndefined();
});

it('a policy without a bound never cools', () => {
  const { heat } = run([...same(100, 20), ...same(1, 20)], { slowdownMax: 100 });
  expect(heat.coolsUntil).toBeUndefined();
});
