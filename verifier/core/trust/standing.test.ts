import { expect, test } from 'vitest';
import type { PublicKey } from '#protocol/values/ids.ts';
import { countShard, resetDevice } from './standing.ts';

const device = 'd1'.repeat(32) as PublicKey;
const stranger = 'd2'.repeat(32) as PublicKey;
const shard = (workBefore: number, unitCost = 10) => ({
  device,
  workBefore,
  unitCost,
  unitCount: 10,
});

test('a device seen for the first time has what the hub says', () => {
  expect(countShard(new Map(), shard(500))).toBe(500);
});

test('from then on the verifier counts along, and the smaller count holds', () => {
  const standings = new Map<PublicKey, number>();
  countShard(standings, shard(0));
  expect(countShard(standings, shard(100))).toBe(100);
  expect(countShard(standings, shard(1_000_000))).toBe(200);
  expect(countShard(standings, shard(5))).toBe(5);
});

test('work on all packages adds up, each unit by its own cost', () => {
  const standings = new Map<PublicKey, number>();
  countShard(standings, shard(0, 3));
  expect(countShard(standings, shard(9_999, 7_000))).toBe(30);
  expect(countShard(standings, shard(1_000_000, 3))).toBe(70_030);
});

test('a confirmed failure makes a device begin again, and no other one', () => {
  const standings = new Map<PublicKey, number>();
  countShard(standings, shard(90));
  countShard(standings, { ...shard(7), device: stranger });
  resetDevice(standings, device);
  expect(countShard(standings, shard(1_000))).toBe(0);
  expect(countShard(standings, { ...shard(107), device: stranger })).toBe(107);
});
