import type { ModelName } from '#protocol/api/models.ts';
import type { Digest } from '#protocol/values/ids.ts';
import type { Job } from './job.ts';
import { putNewest } from './newest.ts';

/** Packages that jobs of a model were made of, the newest last, with the items of a unit. */
export type ModelPackages = Map<ModelName, Map<Digest, number>>;

/** Whoever makes more models or packages than these sees the newest. */
const MODELS_MAX = 1_000;
const PACKAGES_MAX = 64;

/** Notes which package a job of a model has, so that devices admitted to it count for the model. */
export function notePackage(
  models: ModelPackages,
  { record, packageId, manifest }: Pick<Job, 'record' | 'packageId' | 'manifest'>,
): void {
  const { model } = record;
  if (model === undefined || packageId === undefined || manifest === undefined) return;
  const packages = models.get(model) ?? new Map<Digest, number>();
  putNewest(packages, [packageId, manifest.runtime.unitItems], PACKAGES_MAX);
  putNewest(models, [model, packages], MODELS_MAX);
}
