import { createHash, createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHECK_POLICY_DEFAULT } from '#protocol/check-policy.ts';
import type { Digest, Nonce } from '#protocol/ids.ts';
import { commitSeed, drawUnits, drawValue, hmacSha256 } from './draw.ts';

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
    before: 0,
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
    const newcomer = { ...shard, unitCount: 100 };
    expect(drawUnits({ seed, policy: CHECK_POLICY_DEFAULT }, newcomer).length).toBe(100);
    const drawn = drawUnits(
      { seed, policy: CHECK_POLICY_DEFAULT },
      { ...shard, before: 1_000_000 },
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
});
