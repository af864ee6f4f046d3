import type { JobId } from '#protocol/values/ids.ts';
import type { AppliedFact } from '../../core/state/facts.ts';
import type { Store, UnitRange } from './port.ts';

/** What a store under test gives the suite; `reopen` is absent where nothing outlives `close`. */
export interface StoreWorld {
  store: Store;
  reopen?(): Promise<Store>;
  /** Archives these jobs and moves their outputs, where the suite is about outputs that were moved. */
  move?(...jobs: readonly JobId[]): Promise<void>;
}

/** All that a store loads, at once. */
export async function loadAll(store: Pick<Store, 'load'>): Promise<AppliedFact[]> {
  const all: AppliedFact[] = [];
  for await (const { facts } of store.load()) all.push(...facts);
  return all;
}

/** Units [first, end) of a job, whatever shards they are in. */
export const unitsIn = (first: number, end: number): UnitRange => ({ first, end, beginningAt: 0 });
