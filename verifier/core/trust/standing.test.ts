import { expect, test } from 'vitest';
import type { Digest, PublicKey } from '#protocol/values/ids.ts';
import { countShard, resetDevice } from './standing.ts';

const device = 'd1'.repeat(32) as PublicKey;
const model = '0a'.repeat(32) as Digest;
const shard = (standing: number, unitCount = 10) => ({
  device,
  package: model,
  standing,
  unitCount,
});

test('a device seen for the first time has what the hub says', () => {
  expect(countShard(new Map(), shard(500))).toBe(500);
});

test('from then on the verifier counts along, and the smaller count holds', () => {
  const standings = new Map<string, number>();
  countShard(standings, shard(0));
  expect(countShard(standings, shard(10))).toBe(10);
  expect(countShard(standings, shard(1_000_000))).toBe(20);
  expect(countShard(standings, shard(5))).toBe(5);
});

test('a confirmed failure makes a device begin again with every package', () => {
  const standings = new Map<string, number>();
  const other = { ...shard(40), package: '0b'.repeat(32) as Digest };
  const stranger = { ...shard(7), device: 'd2'.repeat(32) as PublicKey };
  for (const each of [shard(90), other, stranger]) countShard(standings, each);
  resetDevice(standings, device);
  expect(countShard(standings, shard(100))).toBe(0);
  expect(countShard(standings, { ...other, standing: 50 })).toBe(0);
  expect(countShard(standings, { ...stranger, standing: 17 })).toBe(17);
});
