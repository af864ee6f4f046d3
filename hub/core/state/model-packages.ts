import type { ModelName } from '#protocol/api/models.ts';
import type { Digest } from '#protocol/values/ids.ts';
import type { Job } from './job.ts';

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
  models.delete(model);
  models.set(model, packages);
  packages.delete(packageId);
  packages.set(packageId, manifest.runtime.unitItems);
  dropFirst(packages, PACKAGES_MAX);
  dropFirst(models, MODELS_MAX);
}

function dropFirst(map: Map<string, unknown>, most: number): void {
  const [first] = map.keys();
  if (map.size > most && first !== undefined) map.delete(first);
}
