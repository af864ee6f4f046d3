import type { FailedItems } from '#protocol/records/failed-items.ts';
import type { Preparation, Reference, VerifierEffect } from '../../core/state/events.ts';
import type { Blobs } from '../blobs.ts';
import type { ComputeWorkers } from '../compute-workers.ts';
import type { SpareWorker } from '../spare-worker.ts';

export type Execute = Extract<VerifierEffect, { type: 'execute' }>;
export type Examine = Extract<VerifierEffect, { type: 'examine' }>;
export type Prepare = Extract<VerifierEffect, { type: 'prepare' }>;

/** Where a verifier has bytes and runs models. */
export interface World {
  blobs: Blobs;
  workers: ComputeWorkers;
  /** For units that failed: a worker that dies takes nothing else with it. */
  spare: SpareWorker;
}

/** What differs by the kind of a job. All throw a `PocketgridError`. */
export interface Kind {
  /** Executes one unit again. */
  execute(world: World, effect: Execute): Promise<Reference>;
  /** Finds the items of a unit that cannot be computed. */
  examine(world: World, effect: Examine): Promise<readonly FailedItems[]>;
  /** Runs a new model over some units of its job. */
  prepare(blobs: Blobs, effect: Prepare): Promise<Preparation>;
}
