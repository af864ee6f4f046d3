import { unitNumber } from '../checks/check-policy.ts';
import type { Digest, PublicKey } from '../values/ids.ts';
import { instant } from '../values/units.ts';
import type { AcceptedShard, Verdict } from './records.ts';

/** A unit of an accepted shard, and the digest that its device claims for it. */
export interface SampleJudged {
  verifier: PublicKey;
  shard: Pick<AcceptedShard, 'job' | 'lease' | 'device' | 'firstUnit' | 'workBefore' | 'unitCost'>;
  unit: number;
  claimed: Digest;
}

/** A match on the exact lane as its verifier would say it, but for `changes`; for tests. */
export function sampleVerdict(
  { verifier, shard, unit, claimed }: SampleJudged,
  changes: Partial<Verdict> = {},
): Verdict {
  return {
    verifier,
    job: shard.job,
    unit,
    lease: shard.lease,
    device: shard.device,
    kind: 'match',
    lane: 'exact',
    claimed,
    reference: claimed,
    l2: 0,
    max: 0,
    runs: 1,
    epoch: 1,
    n: unitNumber(shard) + unit - shard.firstUnit,
    at: instant(5),
    ...changes,
  };
}
