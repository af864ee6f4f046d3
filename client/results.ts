import { UnitFingerprint } from '#protocol/api/api.ts';
import type { JobId, LeaseId } from '#protocol/values/ids.ts';
import type { CallOptions, HubClient } from './client.ts';

/** A large file over a slow line: the platform reads it, and says nothing of how far it is. */
const DOWNLOAD_MS = 10 * 60_000;

/** Items [from, to) of a job's results, all of them by default. */
export interface ResultRange {
  /** JSON lines, too: `errors` of the items that failed, `files` with the names of the items. */
  format: 'safetensors' | 'npy' | 'jsonl' | 'errors' | 'files';
  from?: number;
  to?: number;
  /** NPY holds one output. */
  output?: string;
}

const pathOf = (job: JobId, { format, from, to, output }: ResultRange): string => {
  const query = new URLSearchParams({ format });
  if (from !== undefined) query.set('from', String(from));
  if (to !== undefined) query.set('to', String(to));
  if (output !== undefined) query.set('output', output);
  return `/v1/jobs/${job}/results?${query}`;
};

/** Results in input order, as a file. */
export const downloadResults = (
  hub: HubClient,
  { job, range }: { job: JobId; range: ResultRange },
  options?: CallOptions,
) => hub.blob(pathOf(job, range), { timeoutMs: DOWNLOAD_MS, ...options });

/** Results in input order, as they come. */
export const streamResults = (
  hub: HubClient,
  { job, range }: { job: JobId; range: ResultRange },
  options?: CallOptions,
) => hub.stream(pathOf(job, range), options);

/** One unit of a job, counted from 0; with a lease also of a shard that is void by now. */
export interface UnitName {
  job: JobId;
  unit: number;
  lease?: LeaseId;
}

const unitPath = ({ unit, lease }: UnitName): string =>
  lease === undefined ? String(unit) : `${unit}?lease=${lease}`;

/** The output bytes the hub holds of a unit of the developer's job. */
export const readUnitOutputs = (hub: HubClient, unit: UnitName, options?: CallOptions) =>
  hub.bytes(`/v1/jobs/${unit.job}/outputs/${unitPath(unit)}`, options);

/** What a device revealed of the inside of a unit of the developer's job. */
export const readUnitFingerprint = (hub: HubClient, unit: UnitName, options?: CallOptions) =>
  hub.ask(UnitFingerprint, `/v1/jobs/${unit.job}/fingerprints/${unitPath(unit)}`, options);

/** The output bytes of an accepted unit. Takes a verifier's ticket. */
export const readAcceptedOutputs = (hub: HubClient, unit: UnitName, options?: CallOptions) =>
  hub.bytes(`/v1/outputs/${unit.job}/${unitPath(unit)}`, options);

/** What a device revealed of the inside of an accepted unit. Takes a verifier's ticket. */
export const readAcceptedFingerprint = (hub: HubClient, unit: UnitName, options?: CallOptions) =>
  hub.ask(UnitFingerprint, `/v1/fingerprints/${unit.job}/${unitPath(unit)}`, options);
