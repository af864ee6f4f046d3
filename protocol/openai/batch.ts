import * as v from 'valibot';
import { BlobRef } from '../models/package.ts';
import { DeveloperId, JobId } from '../values/ids.ts';
import { Count } from '../values/units.ts';
import { Seconds } from './file.ts';

/**
 * `validating`: lines are read. `in_progress`: jobs run. `finalizing`: the files of answers are
 * written. `expired`: the window was over before all lines were answered.
 */
export const BatchStatus = v.picklist([
  ...(['validating', 'failed', 'in_progress', 'finalizing', 'completed'] as const),
  ...(['expired', 'cancelling', 'cancelled'] as const),
]);
export type BatchStatus = v.InferOutput<typeof BatchStatus>;

/** Calls that lines of a batch may make. */
export const BatchEndpoint = v.picklist(['/v1/embeddings'], 'expected /v1/embeddings');

const Metadata = v.pipe(
  v.record(v.pipe(v.string(), v.maxLength(64)), v.pipe(v.string(), v.maxLength(512))),
  v.check((metadata) => Object.keys(metadata).length <= 16, 'expected at most 16 pairs'),
);

/** What a developer says of a batch. */
export const BatchRequest = v.strictObject({
  input_file_id: v.string(),
  endpoint: BatchEndpoint,
  completion_window: v.literal('24h', 'expected "24h"'),
  metadata: v.optional(v.nullable(Metadata)),
});
export type BatchRequest = v.InferOutput<typeof BatchRequest>;

/** Why a batch could not begin: something of its file, with the number of the line from 1. */
export const BatchError = v.strictObject({
  code: v.string(),
  message: v.string(),
  param: v.nullable(v.string()),
  line: v.nullable(Count),
});
export type BatchError = v.InferOutput<typeof BatchError>;

const at = v.nullable(Seconds);

/** A batch as OpenAI's API shows it (Batch, `batch` object). */
export const BatchView = v.strictObject({
  id: v.string(),
  object: v.literal('batch'),
  endpoint: BatchEndpoint,
  model: v.nullable(v.string()),
  errors: v.nullable(v.strictObject({ object: v.literal('list'), data: v.array(BatchError) })),
  input_file_id: v.string(),
  completion_window: v.literal('24h'),
  status: BatchStatus,
  output_file_id: v.nullable(v.string()),
  error_file_id: v.nullable(v.string()),
  created_at: Seconds,
  in_progress_at: at,
  expires_at: at,
  finalizing_at: at,
  completed_at: at,
  failed_at: at,
  expired_at: at,
  cancelling_at: at,
  cancelled_at: at,
  request_counts: v.strictObject({ total: Count, completed: Count, failed: Count }),
  usage: v.strictObject({
    ...{ input_tokens: Count, output_tokens: Count, total_tokens: Count },
    input_tokens_details: v.strictObject({ cached_tokens: Count }),
    output_tokens_details: v.strictObject({ reasoning_tokens: Count }),
  }),
  metadata: v.nullable(Metadata),
});
export type BatchView = v.InferOutput<typeof BatchView>;

/** A batch as a hub keeps it. */
export const KeptBatch = v.strictObject({
  view: BatchView,
  owner: DeveloperId,
  /** What each job computes: JSON, a `BatchLine` each. Absent until its lines were read. */
  parts: v.array(v.strictObject({ job: v.nullable(JobId), lines: BlobRef })),
  /** Lines that were wrong: the first lines of the error file. */
  wrong: v.nullable(BlobRef),
});
export type KeptBatch = v.InferOutput<typeof KeptBatch>;

/** A line that is well, as its answer needs it. */
export const BatchLine = v.strictObject({
  custom_id: v.string(),
  /** Texts of the line: items of its job, one after the other. */
  texts: Count,
  tokens: Count,
  encoding: v.picklist(['float', 'base64']),
  dimensions: v.exactOptional(Count),
});
export type BatchLine = v.InferOutput<typeof BatchLine>;

/** Batches, the newest first. */
export const BatchList = v.strictObject({
  object: v.literal('list'),
  data: v.array(BatchView),
  first_id: v.nullable(v.string()),
  last_id: v.nullable(v.string()),
  has_more: v.boolean(),
});
export type BatchList = v.InferOutput<typeof BatchList>;
