import { allowsProvider, GPU_BARRED, type PackageManifest } from '#protocol/models/package.ts';
import type { Digest } from '#protocol/values/ids.ts';
import type { Device, Reason } from '../state/device.ts';
import type { Hub } from '../state/hub.ts';
import type { Job } from '../state/job.ts';
import { suspensionReason } from './suspensions.ts';

/** Capability match: memory, provider, features, and what admission found. */
export function fitProblem(hub: Hub, device: Device, job: Job): Reason | undefined {
  const { manifest, packageId } = job;
  if (manifest === undefined || packageId === undefined) {
    return { code: 'no-jobs', message: 'the job is still being checked' };
  }
  const unfit = device.unfit.get(packageId) ?? suspendedOnAll(hub, device, { packageId, manifest });
  if (unfit !== undefined) {
    const message = `"${manifest.name}" does not run right on this device: ${unfit}`;
    return { code: 'device-unfit', message: message.slice(0, 600) };
  }
  const { memoryBytes, providers, features } = device.capabilities;
  if (manifest.peakBytes > memoryBytes) {
    const need = Math.ceil(manifest.peakBytes / 2 ** 20);
    const has = Math.floor(memoryBytes / 2 ** 20);
    const message = `"${manifest.name}" needs ${need} MiB and this device offers ${has} MiB`;
    return { code: 'capability-memory', message };
  }
  if (providers.length === 0) {
    const message = 'this device offers no way to run a model: WebAssembly is missing or blocked';
    return { code: 'capability-provider', message };
  }
  if (!providers.some((provider) => allowsProvider(manifest, provider))) {
    const message = `"${manifest.name}" may run on ${manifest.providers} alone: ${GPU_BARRED}`;
    return { code: 'capability-provider', message };
  }
  const runs = manifest.variants.some(({ needs }) => needs.every((n) => features.includes(n)));
  if (!runs) {
    const message = `"${manifest.name}" needs a GPU feature this device lacks`;
    return { code: 'capability-feature', message };
  }
  return undefined;
}

/**
 * Why a device has no provider left for a package, where checks have suspended each that may run
 * it.
 */
function suspendedOnAll(
  hub: Hub,
  { key, capabilities }: Device,
  { packageId, manifest }: { packageId: Digest; manifest: PackageManifest },
): string | undefined {
  if (!hub.suspensions.has(key)) return undefined;
  const allowed = capabilities.providers.filter((provider) => allowsProvider(manifest, provider));
  const reasons = allowed.map((provider) =>
    suspensionReason(hub, { device: key, package: packageId, provider }),
  );
  return reasons.every((reason) => reason !== undefined) ? reasons[0] : undefined;
}
