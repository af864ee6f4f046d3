import { randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobOptions, JobView, RequestCall } from '#protocol/api/job.ts';
import type { KeyView } from '#protocol/api/keys.ts';
import { type ModelView, nameModel } from '#protocol/api/models.ts';
import type { Spool } from '../../inputs/spool.ts';
import { createJob } from '../create-job.ts';
import type { ApiPorts } from '../route.ts';

/** Nothing that all items share. */
const NONE: Spool = { path: '', entries: [] };

/** Works in a new folder of uploads, which is gone afterwards. */
export async function inFolder<T>(
  { uploads }: Pick<ApiPorts, 'uploads'>,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = join(uploads.folder, randomBytes(8).toString('hex'));
  await mkdir(folder, { recursive: true });
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Texts, and a model of the hub. */
interface TextsForm {
  key: KeyView;
  options: Pick<JobOptions, 'name' | 'task' | 'open' | 'idleMinutes' | 'assurance'>;
  model: ModelView;
  texts: Spool;
  /** Of a job that the hub opens for requests. */
  requests?: RequestCall;
}

/** Posts a job of texts, for a model that the hub keeps. */
export async function postTexts(
  ports: Pick<ApiPorts, 'store' | 'loop' | 'clock' | 'threads'>,
  { key, options: own, ...form }: TextsForm,
): Promise<JobView> {
  const { model, texts: inputs, requests } = form;
  const options: JobOptions = { ...own, model: nameModel(model), autoStart: true };
  const made = await ports.threads.makeJob({
    options,
    model: { kept: model.files },
    inputs,
    shared: NONE,
  });
  return createJob(ports, { key, options, made, kept: model.files, requests });
}
