import { createHash, createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digestCommitment, hmacSha256 } from '#protocol/bytes/digest.ts';
import { CHECK_POLICY_DEFAULT, checkThreshold } from '#protocol/checks/check-policy.ts';
import type { Digest, LeaseId, Nonce, PublicKey } from '#protocol/values/ids.ts';
import { commitSeed, drawUnits, drawValue } from './draw.ts';

const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe('the keyed draw', () => {
  it('is HMAC-SHA-256 as Node computes it', () => {
    fc.assert(
      fc.property(bytes32, fc.uint8Array({ maxLength: 200 }), (key, message) => {
        const due = createHmac('sha256', key).update(message).digest('hex');
        expect(hex(hmacSha256(key, message))).toBe(due);
      }),
    );
  });

  it('takes the first 8 bytes over the context, the commitment and the unit', () => {
    fc.assert(
      fc.property(bytes32, bytes32, fc.nat(), (seed, commitment, unit) => {
        const place = Buffer.alloc(8);
        place.writeBigUInt64BE(BigInt(unit));
        const mac = createHmac('sha256', seed)
          .update('pocketgrid/draw@1')
          .update(commitment)
          .update(place)
          .digest();
        const value = drawValue(hex(seed) as Nonce, hex(commitment) as Digest, unit);
        expect(value).toBe(mac.readBigUInt64BE(0));
      }),
    );
  });

  it('commits to a seed by the SHA-256 of its bytes', () => {
    const seed = 'ab'.repeat(32);
    const due = createHash('sha256').update(Buffer.from(seed, 'hex')).digest('hex');
    expect(hex(commitSeed(seed as Nonce))).toBe(due);
  });

  const shard = {
    commitment: '5a'.repeat(32) as Digest,
    firstUnit: 7,
    unitCount: 20_000,
    workBefore: 0,
    unitCost: 250,
  };
  const flat = (rate: number, of = 'c3') =>
    ({ seed: of.repeat(32) as Nonce, policy: { type: 'flat', rate } }) as const;
  const seed = 'c3'.repeat(32) as Nonce;

  it('draws nothing at rate 0, everything at rate 1', () => {
    expect(drawUnits(flat(0), shard)).toEqual([]);
    const all = drawUnits(flat(1), { ...shard, unitCount: 50 });
    expect(all).toEqual(Array.from({ length: 50 }, (_, index) => index + 7));
  });

  it('draws its rate, within five standard deviations, and every unit of a lower rate again', () => {
    const drawn = drawUnits(flat(0.05), shard);
    const deviation = Math.sqrt(20_000 * 0.05 * 0.95);
    expect(Math.abs(drawn.length - 1_000)).toBeLessThan(5 * deviation);
    const fewer = drawUnits(flat(0.02), shard);
    expect(fewer.every((unit) => drawn.includes(unit))).toBe(true);
    expect(drawUnits(flat(0.05, 'c4'), shard)).not.toEqual(drawn);
  });

  it('checks a newcomer whole, and an old hand at the floor', () => {
    const newcomer = { ...shard, unitCount: 75 };
    expect(drawUnits({ seed, policy: CHECK_POLICY_DEFAULT }, newcomer).length).toBe(75);
    // A million cheap units are 75 of these, and no more.
    const cheap = { ...shard, unitCost: 3_000_000, workBefore: 74 * 3_000_000, unitCount: 1 };
    expect(drawUnits({ seed, policy: CHECK_POLICY_DEFAULT }, cheap)).toEqual([7]);
    const drawn = drawUnits(
      { seed, policy: CHECK_POLICY_DEFAULT },
      { ...shard, workBefore: 250_000_000 },
    );
    const deviation = Math.sqrt(20_000 * 0.02 * 0.98);
    expect(Math.abs(drawn.length - 400)).toBeLessThan(5 * deviation);
  });

  it('draws more of the same units where more is asked for', () => {
    const usual = drawUnits(flat(0.02), shard);
    const audited = drawUnits(flat(0.02), shard, 200_000);
    expect(usual.every((unit) => audited.includes(unit))).toBe(true);
    expect(Math.abs(audited.length - 4_000)).toBeLessThan(5 * Math.sqrt(20_000 * 0.2 * 0.8));
    expect(drawUnits(flat(0), shard, 1_000_000).length).toBe(20_000);
  });

  it('is shared by three with a seed each: one or more of them draws what one alone would', () => {
    const policy = { ...CHECK_POLICY_DEFAULT, sharers: 3 } as const;
    const old = { ...shard, workBefore: 250_000_000 };
    const draws = ['c4', 'd5', 'e6'].map((pair) =>
      drawUnits({ seed: pair.repeat(32) as Nonce, policy }, old),
    );
    const each = 20_000 * (1 - 0.98 ** (1 / 3));
    for (const drawn of draws)
      expect(Math.abs(drawn.length - each)).toBeLessThan(5 * Math.sqrt(each));
    const together = new Set(draws.flat()).size;
    expect(Math.abs(together - 400)).toBeLessThan(5 * Math.sqrt(20_000 * 0.02 * 0.98));
    const audited = drawUnits({ seed, policy }, old, 200_000).length;
    expect(Math.abs(audited - 20_000 * (1 - 0.8 ** (1 / 3)))).toBeLessThan(5 * Math.sqrt(1_300));
    expect(drawUnits({ seed, policy }, old, 1_000_000).length).toBe(20_000);
  });
});

/** Pearson's χ² of counts against one expected count. */
const chiSquare = (counts: readonly number[], expected: number): number =>
  counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);

describe('grinding salts', () => {
  const SALTS = 100_000;
  const BINS = 16;
  /** χ² of 15 degrees of freedom passes this once in 10,000 fair worlds. */
  const CHI_SQUARE_MAX = 44.26;
  const lease = '31'.repeat(16) as LeaseId;
  const device = '41'.repeat(32) as PublicKey;
  const digests = new Uint8Array(32).fill(7);
  const seed = 'c4'.repeat(32) as Nonce;
  const policy = { type: 'trust', trustUnits: 100, floorPpm: 20_000 } as const;

  it(`draws one unit as often under each of ${SALTS} salts: the seed is what decides`, () => {
    const bins = new Array<number>(BINS).fill(0);
    let drawn = 0;
    let kept = 0;
    for (let grind = 0; grind < SALTS; grind += 1) {
      const salt = grind.toString(16).padStart(64, '0') as Nonce;
      const commitment = digestCommitment({ lease, device, salt, digests });
      const value = drawValue(seed, commitment, 12);
      const bin = Number(value >> 60n);
      bins[bin] = (bins[bin] ?? 0) + 1;
      if (value < checkThreshold(policy, 1_000_000)) drawn += 1;
      // What a grinder can see of a commitment, its first bits, says nothing of the draw.
      if (commitment.startsWith('0') && value >> 63n === 0n) kept += 1;
    }
    expect(chiSquare(bins, SALTS / BINS)).toBeLessThan(CHI_SQUARE_MAX);
    const [misses, half] = [SALTS - drawn, SALTS / BINS / 2];
    const rate = [
      (drawn - 0.02 * SALTS) ** 2 / (0.02 * SALTS),
      (misses - 0.98 * SALTS) ** 2 / (0.98 * SALTS),
    ];
    // One degree of freedom, once in 10,000.
    expect((rate[0] ?? 0) + (rate[1] ?? 0)).toBeLessThan(15.14);
    expect(Math.abs(kept - half) / Math.sqrt(half)).toBeLessThan(4);
  });

  it('is told from a draw that salts do decide', () => {
    const leaky = new Array<number>(BINS).fill(0);
    for (let grind = 0; grind < SALTS; grind += 1) {
      const bin = grind % 100 === 0 ? 0 : grind % BINS;
      leaky[bin] = (leaky[bin] ?? 0) + 1;
    }
    expect(chiSquare(leaky, SALTS / BINS)).toBeGreaterThan(CHI_SQUARE_MAX);
  });
});
