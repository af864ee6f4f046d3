/** All that `@pocketgrid/client` gives: a grid in four calls, and below it each call of a hub. */
export type { JobOptions, JobView } from '#protocol/api/job.ts';
export type { ModelView } from '#protocol/api/models.ts';
export type { Receipt } from '#protocol/records/records.ts';
export type { ItemFailure, Label, TaskAnswer, TensorRow } from '#protocol/tasks/answer.ts';
export type { TaskName, TaskOptions } from '#protocol/tasks/task.ts';
export { must, PocketgridError, type Refusal, type Result } from '#protocol/values/refusal.ts';
export { type CallOptions, type ClientOptions, type HubClient, openClient } from './client.ts';
export { type EmbeddingTexts, embed } from './embeddings.ts';
export { followJob, mustBeDone } from './follow-job.ts';
export { readGrid, readHealth } from './grid.ts';
export { watchJob } from './job-events.ts';
export {
  cancelJob,
  type JobUpload,
  listJobs,
  postJob,
  readJob,
  removeJobData,
  startJob,
} from './jobs.ts';
export { addKey, listKeys, readKey, readOwnKey, revokeKey } from './keys.ts';
export type { Item, Items } from './map/chunks.ts';
export { type MapOptions, type Mapped, mapItems } from './map/map-items.ts';
export { addModel, listModels, readModel, readModelStats, removeModel } from './models.ts';
export { type ClassifyOptions, type EmbedOptions, type Grid, openGrid } from './open-grid.ts';
export { estimateJob } from './quotes.ts';
export { readReceipts } from './receipts.ts';
export { isPassing } from './refusals.ts';
export { downloadResults, type ResultRange, streamResults } from './results.ts';
export { type Delivery, verifyWebhook } from './verify-webhook.ts';
export {
  addWebhook,
  listDeliveries,
  listWebhooks,
  removeWebhook,
  testWebhook,
} from './webhooks.ts';
