import { AddedItems, JobPage } from '#protocol/api/api.ts';
import { type JobOptions, JobView } from '#protocol/api/job.ts';
import { PackageManifest } from '#protocol/models/package.ts';
import type { JobId } from '#protocol/values/ids.ts';
import type { CallOptions, HubClient } from './client.ts';
import { once } from './once.ts';

/** An upload of half a gigabyte over a slow line takes this long. */
export const UPLOAD_MS = 30 * 60_000;

/** What a developer posts: one ONNX model, or its id in the options; inputs, and the options. */
export interface JobUpload {
  model?: { name: string; data: Blob };
  /** Files that belong to the model: its weights, and for a task its settings. */
  modelFiles?: readonly { name: string; data: Blob }[];
  inputs: readonly { name: string; data: Blob }[];
  options: JobOptions;
}

/** The form that `POST /v1/jobs` takes. */
export function formOf({ model, modelFiles = [], inputs, options }: JobUpload): FormData {
  const form = new FormData();
  for (const { name, data } of [model ?? [], modelFiles].flat()) form.append('model', data, name);
  for (const { name, data } of inputs) form.append('inputs', data, name);
  form.append('options', JSON.stringify(options));
  return form;
}

/** Posts a job. */
export const postJob = (hub: HubClient, upload: JobUpload, options?: CallOptions) =>
  hub.ask(JobView, '/v1/jobs', once({ timeoutMs: UPLOAD_MS, ...options, body: formOf(upload) }));

/** A page of jobs, the newest first; `before` is the `next` of the page before. */
export function listJobs(
  hub: HubClient,
  { before, named }: { before?: number | undefined; named?: string | undefined } = {},
  options?: CallOptions,
) {
  const query = new URLSearchParams();
  if (before !== undefined) query.set('before', `${before}`);
  if (named) query.set('named', named);
  return hub.ask(JobPage, `/v1/jobs${query.size === 0 ? '' : `?${query}`}`, options);
}

/** Reads one job; `job-unknown` for one of another key that is not shared. */
export const readJob = (hub: HubClient, job: JobId, options?: CallOptions) =>
  hub.ask(JobView, `/v1/jobs/${job}`, options);

/** Starts a quoted job. */
export const startJob = (hub: HubClient, job: JobId) =>
  hub.ask(JobView, `/v1/jobs/${job}/start`, once({}));

/** Adds items to an open job that runs; gives their numbers. */
export function addInputs(hub: HubClient, job: JobId, inputs: JobUpload['inputs']) {
  const form = new FormData();
  for (const { name, data } of inputs) form.append('inputs', data, name);
  const call = once({ timeoutMs: UPLOAD_MS, body: form });
  return hub.ask(AddedItems, `/v1/jobs/${job}/inputs`, call);
}

/** Says that an open job gets no more inputs: it ends when all is computed. */
export const endInputs = (hub: HubClient, job: JobId) =>
  hub.ask(JobView, `/v1/jobs/${job}/inputs/end`, once({}));

/** Ends a job; what was accepted stays readable. */
export const cancelJob = (hub: HubClient, job: JobId, options?: CallOptions) =>
  hub.ask(JobView, `/v1/jobs/${job}/cancel`, once({ ...options }));

/** Removes inputs and results of a job that ended ten minutes ago or earlier. */
export const removeJobData = (hub: HubClient, job: JobId) =>
  hub.ask(JobView, `/v1/jobs/${job}/data`, { method: 'DELETE' });

/**
 * The manifest of a job's package, once a verifier has run the model. Its digest is for the caller
 * to check.
 */
export const readPackage = (hub: HubClient, job: JobId, options?: CallOptions) =>
  hub.ask(PackageManifest, `/v1/jobs/${job}/package`, options);
