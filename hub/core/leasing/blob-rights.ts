import type { PackageManifest } from '#protocol/models/package.ts';
import type { JobId, PublicKey, Root } from '#protocol/values/ids.ts';
import type { Device } from '../state/device.ts';
import type { Hub } from '../state/hub.ts';

/** Which bytes [offset, end) of a blob somebody may read. */
export interface ByteRange {
  offset: number;
  end: number;
}

/** All of a blob, or the ranges of it that may be read: none where there is nothing to see. */
export type BlobRights = 'whole' | ByteRange[];

/**
 * What a session may read of a blob that these jobs name. A verifier sees what it checks, as long as
 * that is in memory. A device sees models and known answers of jobs that are quoted or run, since it is
 * tested on them before it gets any work, and the inputs of the units that it holds leases on.
 */
export function blobRights(
  hub: Hub,
  key: PublicKey,
  { root, jobs }: { root: Root; jobs: readonly JobId[] },
): BlobRights {
  if (hub.verifiers.has(key)) return jobs.some((id) => hub.jobs.has(id)) ? 'whole' : [];
  if (jobs.some((id) => isOffered(hub, id, root))) return 'whole';
  const device = hub.devices.get(key);
  return device === undefined ? [] : leasedRanges(hub, device, root);
}

/** Whether the bytes [offset, offset + length) are among them. */
export const covers = (rights: BlobRights, offset: number, length: number): boolean =>
  rights === 'whole' ||
  rights.some((range) => range.offset <= offset && offset + length <= range.end);

/** Whether a blob is the file of a model of a job that has not ended. */
export const isModelFile = ({ openJobs }: Hub, root: Root): boolean =>
  [...openJobs.values()].some(({ manifest }) =>
    manifest?.variants.some(({ file }) => file.root === root),
  );

function isOffered({ openJobs }: Hub, id: JobId, root: Root): boolean {
  const job = openJobs.get(id);
  return job?.manifest !== undefined && isPart(job.manifest, root);
}

/** Whether a device that is admitted to this package fetches the blob. */
const isPart = ({ variants, knownAnswers }: PackageManifest, root: Root): boolean =>
  variants.some(({ file }) => file.root === root) ||
  knownAnswers.some(({ inputs, outputs }) => inputs.root === root || outputs.root === root);

function leasedRanges({ leases }: Hub, device: Device, root: Root): ByteRange[] {
  return [...device.leases].flatMap((id) => {
    const { inputs, unitCount = 0 } = leases.get(id)?.lease ?? {};
    if (inputs?.root !== root) return [];
    const { offset, unitBytes } = inputs;
    return [{ offset, end: offset + unitCount * unitBytes }];
  });
}
