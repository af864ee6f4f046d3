import { allowsProvider, type PackageManifest } from '#protocol/models/package.ts';
import type { Digest } from '#protocol/values/ids.ts';
import { type Reason, why } from '#protocol/values/reason.ts';
import type { Device } from '../state/device.ts';
import type { Hub } from '../state/hub.ts';
import type { Job } from '../state/job.ts';
import { isWanted, matchProblem } from './classes.ts';
import { suspensionReason } from './suspensions.ts';

/** Capability match: memory, provider, features, and what admission found. */
export function fitProblem(hub: Hub, device: Device, job: Job): Reason | undefined {
  const { manifest, packageId } = job;
  if (manifest === undefined || packageId === undefined) {
    return why('job-in-check', {});
  }
  const { name: model } = manifest;
  const unfit = device.unfit.get(packageId) ?? device.unfitJobs.get(job.record.id);
  if (unfit !== undefined) return unfit;
  if (isSuspendedOnAll(hub, device, { packageId, manifest })) {
    return why('providers-suspended', { model });
  }
  const { memoryBytes, providers, features } = device.capabilities;
  if (manifest.peakBytes > memoryBytes) {
    const needMiB = Math.ceil(manifest.peakBytes / 2 ** 20);
    return why('capability-memory', { model, needMiB, hasMiB: Math.floor(memoryBytes / 2 ** 20) });
  }
  if (providers.length === 0) return why('capability-provider', {});
  const unwanted = matchProblem(job, device);
  if (unwanted !== undefined) return unwanted;
  const { provider: admitted } = device.admitted.get(packageId) ?? {};
  const usable = admitted === undefined ? providers : [admitted];
  if (!usable.some((each) => isWanted(job, each) && allowsProvider(manifest, each))) {
    return why('exact-only', { model });
  }
  const runs = manifest.variants.some(({ needs }) => needs.every((n) => features.includes(n)));
  return runs ? undefined : why('capability-feature', { model });
}

/**
 * Whether a device that was admitted on a provider which a job does not want is to be tried on those
 * that it wants: once for each job, since a trial costs the device seconds.
 */
export function mayTryAnew(hub: Hub, device: Device, job: Job): boolean {
  const admission = job.packageId && device.admitted.get(job.packageId);
  if (!admission || isWanted(job, admission.provider)) return false;
  if (device.triedFor.has(job.record.id)) return false;
  return fitProblem(hub, { ...device, admitted: new Map() }, job) === undefined;
}

/** Whether checks have suspended each provider of a device that may run a package. */
function isSuspendedOnAll(
  hub: Hub,
  { key, capabilities }: Device,
  { packageId, manifest }: { packageId: Digest; manifest: PackageManifest },
): boolean {
  if ((hub.deviceRecords.get(key)?.suspensions ?? []).length === 0) return false;
  const allowed = capabilities.providers.filter((provider) => allowsProvider(manifest, provider));
  return allowed.every(
    (provider) =>
      suspensionReason(hub, { device: key, package: packageId, provider }) !== undefined,
  );
}
