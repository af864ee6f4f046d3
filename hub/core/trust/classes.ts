import { hasProvider, type Provider } from '#protocol/values/provider.ts';
import { type Reason, why } from '#protocol/values/reason.ts';
import { isUnwanted } from '../state/about.ts';
import type { Device } from '../state/device.ts';
import type { Job } from '../state/job.ts';

type Asking = Pick<Job, 'record' | 'packageId'>;

/** Whether a job may be computed on a provider, by the classes of devices that it asks for. */
export const isWanted = ({ record: { devices } }: Pick<Job, 'record'>, provider: Provider) =>
  devices?.providers === undefined || hasProvider(devices.providers, provider);

/** Why a device is of no class that a job asks for, if it is of none. */
export function classProblem(
  job: Asking,
  { capabilities, admitted }: Pick<Device, 'capabilities' | 'admitted'>,
): Reason | undefined {
  const { devices, name } = job.record;
  if (devices === undefined) return undefined;
  const { memoryMin = 0, providers } = devices;
  if (capabilities.memoryBytes < memoryMin) {
    const needMiB = Math.ceil(memoryMin / 2 ** 20);
    const hasMiB = Math.floor(capabilities.memoryBytes / 2 ** 20);
    return why('memory-unwanted', { job: name, needMiB, hasMiB });
  }
  const admission = job.packageId && admitted.get(job.packageId);
  const usable = admission ? [admission.provider] : capabilities.providers;
  if (usable.some((provider) => isWanted(job, provider))) return undefined;
  return why('provider-unwanted', { job: name, providers: (providers ?? []).join(', ') });
}

/** Why a device and a job do not want each other, if so: its person blocked it, or by its class. */
export const matchProblem = (
  job: Asking,
  device: Pick<Device, 'capabilities' | 'admitted' | 'blocks'>,
): Reason | undefined =>
  isUnwanted(device.blocks, job.record) ? why('all-blocked', {}) : classProblem(job, device);
