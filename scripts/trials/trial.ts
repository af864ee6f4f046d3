import type { JobOptions } from '#protocol/api/job.ts';
import type { Exporters, ModelPackage } from './packages.ts';

/** One input as the runtime takes it for one item. */
export interface TrialInput {
  shape: readonly number[];
  /** Its shape in the file for one item, where that is not the shape without its first axis. */
  sent?: readonly number[];
  /** Whole numbers below this; without it numbers between −1 and 1. */
  below?: number;
  /** One number everywhere. */
  always?: number;
}

/** A public model, the inputs it is tried on, and what a developer must say of it. */
export interface Trial {
  from: ModelPackage | Exporters;
  /** Its path there. */
  path: string;
  /** The same model as the runtime itself can run it, its outputs in the same order. */
  alike?: string;
  inputs: Readonly<Record<string, TrialInput>>;
  options?: Partial<JobOptions>;
}
