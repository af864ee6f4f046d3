import type { FailedItems } from '#protocol/records/failed-items.ts';
import type { Preparation, Reference, VerifierEffect } from '../../core/state/events.ts';
import type { Blobs } from '../blobs.ts';
import type { ComputeWorkers } from '../compute-workers.ts';

export type Execute = Extract<VerifierEffect, { type: 'execute' }>;
export type Examine = Extract<VerifierEffect, { type: 'examine' }>;
export type Prepare = Extract<VerifierEffect, { type: 'prepare' }>;

/** What differs by the kind of a job. All throw a `PocketgridError`. */
export interface Kind {
  /** Executes one unit again. */
  execute(world: { blobs: Blobs; workers: ComputeWorkers }, effect: Execute): Promise<Reference>;
  /** Finds the items of a unit that cannot be computed. */
  examine(blobs: Blobs, effect: Examine): Promise<readonly FailedItems[]>;
  /** Runs a new model over some units of its job. */
  prepare(blobs: Blobs, effect: Prepare): Promise<Preparation>;
}
