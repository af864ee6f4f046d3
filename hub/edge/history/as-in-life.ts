import { randomFillSync } from 'node:crypto';
import type { Digest, LeaseId, Nonce, Signature } from '#protocol/values/ids.ts';
import type { Fact } from '../../core/state/facts.ts';

/**
 * The fake world of the core gives every shard the same signatures, salts and digests. On a real
 * disk they are all different, and weigh more: these facts say the same of shards, with bytes at
 * random in those places.
 */
export function asInLife(facts: readonly Fact[]): Fact[] {
  const given = new Map<LeaseId, { lease: LeaseId; commitment: Digest }>();
  const of = (lease: LeaseId) => {
    const known = given.get(lease) ?? {
      lease: random<LeaseId>(16),
      commitment: random<Digest>(32),
    };
    given.set(lease, known);
    return known;
  };
  return facts.map((fact) => {
    if (fact.type === 'committed') {
      const { entry, shard } = fact.commitment;
      const { lease, commitment } = of(shard.lease);
      const signed = { logSignature: random<Signature>(64), signature: random<Signature>(64) };
      const said = { entry: { ...entry, commitment }, shard: { ...shard, lease } };
      return { ...fact, commitment: { ...fact.commitment, ...signed, ...said } };
    }
    if (fact.type === 'accepted') {
      const digests = takeRandom(32 * fact.shard.unitCount).toString('base64');
      const shard = { ...fact.shard, ...of(fact.shard.lease), digests };
      return { ...fact, shard, salt: random<Nonce>(32) };
    }
    if (fact.type !== 'verdict') return fact;
    const { verdict } = fact.signed;
    const claimed = random<Digest>(32);
    const found = { lease: of(verdict.lease).lease, claimed, reference: claimed };
    return {
      ...fact,
      signed: { verdict: { ...verdict, ...found }, signature: random<Signature>(64) },
    };
  });
}

const random = <T extends string>(bytes: number) => takeRandom(bytes).toString('hex') as T;

const pool = { bytes: Buffer.alloc(65_536), used: 65_536 };

/** Random bytes, drawn many at once: one by one they would take as long as the core does. */
function takeRandom(length: number): Buffer {
  if (pool.used + length > pool.bytes.length) {
    pool.bytes = randomFillSync(Buffer.alloc(Math.max(65_536, length)));
    pool.used = 0;
  }
  pool.used += length;
  return pool.bytes.subarray(pool.used - length, pool.used);
}
