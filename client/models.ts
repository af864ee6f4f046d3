import { ModelStatsList } from '#protocol/api/model-stats.ts';
import { ModelList, type ModelOptions, ModelRemoved, ModelView } from '#protocol/api/models.ts';
import type { CallOptions, HubClient } from './client.ts';
import { UPLOAD_MS } from './jobs.ts';
import { once } from './once.ts';

/** Files of a model under their paths in its repository, and what it is to be called. */
export interface ModelUpload {
  files: readonly { name: string; data: Blob }[];
  options: ModelOptions;
}

/** Adds a model for jobs to come; gives the one that is there where all files are the same. */
export function addModel(hub: HubClient, { files, options }: ModelUpload, call?: CallOptions) {
  const form = new FormData();
  for (const { name, data } of files) form.append('model', data, name);
  form.append('options', JSON.stringify(options));
  const sent = once({ timeoutMs: UPLOAD_MS, ...call, body: form });
  return hub.ask(ModelView, '/v1/models', sent);
}

/** The models of a hub, the newest first, and how large one may be. */
export const listModels = (hub: HubClient, options?: CallOptions) =>
  hub.ask(ModelList, '/v1/models', options);

/** How fast devices compute each model, and what checks of its jobs found. */
export const readModelStats = (hub: HubClient, options?: CallOptions) =>
  hub.ask(ModelStatsList, '/v1/model-stats', options);

/** One model, by its id, or its id, `@` and a revision. */
export const readModel = (hub: HubClient, name: string, options?: CallOptions) =>
  hub.ask(ModelView, pathOf(name), options);

/** Removes a model. Jobs that were made of it go on. */
export const removeModel = (hub: HubClient, name: string) =>
  hub.ask(ModelRemoved, pathOf(name), { method: 'DELETE' });

const pathOf = (name: string): string =>
  `/v1/models/${name.split('/').map(encodeURIComponent).join('/')}`;
