import * as v from 'valibot';
import { JobOptions, Quote } from '#protocol/api/job.ts';
import { KeyView } from '#protocol/api/keys.ts';
import { ModelName, ModelOptions } from '#protocol/api/models.ts';
import { DeliveryView, WebhookId, WebhookView } from '#protocol/api/webhooks.ts';
import { JobEvent } from '#protocol/messages/control.ts';
import { BlobRef } from '#protocol/models/package.ts';
import { SignedEpoch } from '#protocol/records/epoch.ts';
import { AcceptedShard, Receipt, SignedVerdict } from '#protocol/records/records.ts';
import {
  BanView,
  ClosingView,
  EarningShardView,
  EndedJobView,
  Funding,
  PayoutView,
} from '#protocol/settlement/money-api.ts';
import { TaskOptions } from '#protocol/tasks/task.ts';
import { InputSpec, TensorSpec } from '#protocol/tensors/tensor.ts';
import { DeveloperId, Digest, JobId, PublicKey, Root } from '#protocol/values/ids.ts';
import { Reason } from '#protocol/values/reason.ts';
import { ApiError, Refusal } from '#protocol/values/refusal.ts';
import type { Named } from '../describe.ts';

/** Schemas that others hold, so that each is described once. */
export const PARTS: Named = {
  ...{ AcceptedShard, ApiError, BanView, BlobRef, ClosingView, EarningShardView, EndedJobView },
  ...{
    JobOptions,
    ModelOptions,
    Funding,
    InputSpec,
    JobEvent,
    KeyView,
    PayoutView,
    Quote,
    Reason,
    Receipt,
    Refusal,
  },
  ...{ DeliveryView, SignedEpoch, SignedVerdict, TaskOptions, TensorSpec, WebhookView },
};

const says = (text: string) => v.pipe(v.string(), v.minLength(1), v.description(text));
const place = v.pipe(v.number(), v.integer(), v.minValue(0));

/** What stands in a path, by the name of its parameter. */
export const PATH_FIELDS: Named = {
  batch: says('The id of a batch.'),
  device: PublicKey,
  file: says('The id of a file.'),
  hash: Digest,
  id: v.pipe(ModelName, v.description('The id of a model; its "/" may be written as it is.')),
  index: v.pipe(place, v.description('The number of a leaf.')),
  job: JobId,
  key: DeveloperId,
  root: Root,
  unit: v.pipe(place, v.description('The number of a unit in its job.')),
  verifier: PublicKey,
  webhook: WebhookId,
};
