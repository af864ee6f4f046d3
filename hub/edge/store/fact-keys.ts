import type { AcceptedShard } from '#protocol/records/records.ts';
import type { CommittedShard, Fact } from '../../core/state/facts.ts';

/** What queries look for in a fact; undefined where a fact has no such thing. */
export interface FactKeys {
  job?: string | undefined;
  device?: string | undefined;
  /** Of a commitment and of a verdict; an accepted shard is found by its commitment. */
  lease?: string | undefined;
  index?: number | undefined;
  sequence?: number | undefined;
  firstUnit?: number | undefined;
  endUnit?: number | undefined;
}

/** The keys of a fact: columns of its row. */
export function keysOf(fact: Fact): FactKeys {
  switch (fact.type) {
    case 'job-created':
    case 'job-recut':
      return { job: fact.record.id };
    case 'committed': {
      const { entry, shard } = fact.commitment;
      const { job, device, lease } = shard;
      return { job, device, lease, index: entry.index, ...unitsOf(shard) };
    }
    case 'accepted': {
      const { job, device, index, sequence } = fact.shard;
      return { job, device, index, sequence, ...unitsOf(fact.shard) };
    }
    case 'inputs-added': {
      const { job, firstUnit, units: unitCount } = fact;
      return { job, ...unitsOf({ firstUnit, unitCount }) };
    }
    case 'verdict': {
      const { job, device, lease } = fact.signed.verdict;
      return { job, device, lease };
    }
    case 'unrevealed':
      return { device: fact.device, index: fact.index };
    case 'payout-linked':
      return { device: fact.payout.record.device };
    default: {
      const { job, device, sequence } = fact as FactKeys;
      return { job, device, sequence };
    }
  }
}

const unitsOf = ({ firstUnit, unitCount }: Pick<AcceptedShard, 'firstUnit' | 'unitCount'>) => ({
  firstUnit,
  endUnit: firstUnit + unitCount,
});

/** What a fact's body leaves out, by the names of fields: its row has it, or its commitment. */
export function knownOf(keys: FactKeys, commitment?: CommittedShard): Record<string, unknown> {
  const { firstUnit, endUnit } = keys;
  const known: Record<string, unknown> = { ...commitment?.shard };
  if (commitment !== undefined) known['commitment'] = commitment.entry.commitment;
  for (const name of NAMED) if (keys[name] !== undefined) known[name] = keys[name];
  if (firstUnit !== undefined && endUnit !== undefined) {
    known['firstUnit'] = firstUnit;
    known['unitCount'] = endUnit - firstUnit;
  }
  return known;
}

/** Keys that have the name of the field that they are. */
const NAMED = ['job', 'device', 'lease', 'index', 'sequence'] as const;
