import type { JobId, PublicKey } from '#protocol/values/ids.ts';
import type { AppliedFact, Fact } from './facts.ts';
import type { DeviceRecord } from './trust.ts';

/** A fact of one type. */
export type FactOf<T extends Fact['type']> = Extract<Fact, { type: T }>;
/** All facts of one type, in the order of appending. */
export type SelectFacts = <T extends Fact['type']>(type: T) => FactOf<T>[];

/** The facts of one type, in their order. */
export const selectFacts =
  (facts: readonly Fact[]): SelectFacts =>
  <T extends Fact['type']>(type: T) =>
    facts.filter((fact): fact is FactOf<T> => fact.type === type);

/** Accepted shards that are not voided, in order of sequence. */
export function liveShards(of: SelectFacts, job?: JobId): FactOf<'accepted'>[] {
  const voided = new Set(of('voided').map((fact) => fact.sequence));
  return of('accepted')
    .filter(({ shard }) => !voided.has(shard.sequence) && (job ?? shard.job) === shard.job)
    .sort((a, b) => a.shard.sequence - b.shard.sequence);
}

/** Log indexes of commitments that were opened or were never revealed. */
export function settledIndexes(of: SelectFacts): Set<number> {
  return new Set([
    ...of('accepted').map(({ shard }) => shard.index),
    ...of('unrevealed').map(({ index }) => index),
  ]);
}

/** What a store gives back of facts: see `Store.load`. */
export function appliedFacts(facts: readonly Fact[]): AppliedFact[] {
  const unrevealed = new Set(selectFacts(facts)('unrevealed').map(({ index }) => index));
  return facts.flatMap((fact): AppliedFact[] => {
    switch (fact.type) {
      case 'committed':
        return unrevealed.has(fact.commitment.entry.index) ? [] : [fact];
      case 'accepted':
        return [{ type: 'accepted', shard: fact.shard }];
      default:
        return [fact];
    }
  });
}

/** What a store gives back of a device: see `Store.device`. */
export function archivedRecord(
  facts: readonly Fact[],
  device: PublicKey,
): DeviceRecord | undefined {
  const archived = selectFacts(facts)('device-archived');
  return archived.findLast((fact) => fact.device === device)?.known;
}

/** What a store gives back of a job that was archived: see `Store.archived`. */
export function archivedFacts(facts: readonly Fact[], id: JobId): AppliedFact[] {
  const own = facts.filter((fact) => isOfRecord(fact, id));
  return own.some(({ type }) => type === 'job-archived') ? own : [];
}

/** What is said of a job as a whole. */
export const JOB_FACTS = [
  'job-created',
  'job-recut',
  'job-packaged',
  'inputs-added',
  'inputs-ended',
  'job-funded',
  'job-moved',
  'items-failed',
  'job-archived',
  'data-removed',
] as const satisfies Fact['type'][];

function isOfRecord(fact: Fact, id: JobId): boolean {
  if (!JOB_FACTS.some((type) => type === fact.type)) return false;
  if ('record' in fact) return fact.record.id === id;
  return 'job' in fact && fact.job === id;
}
