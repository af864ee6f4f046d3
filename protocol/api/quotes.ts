import * as v from 'valibot';
import { JobId } from '../values/ids.ts';
import { Reason } from '../values/reason.ts';
import { Count } from '../values/units.ts';
import { JobOptions, Quote } from './job.ts';
import { ModelName } from './models.ts';

const { task, unitItems, graphOptimization, image, outputs, batchAxis, shared, taps, open } =
  JobOptions.entries;
const { unitPrice, priceMax, assurance, devices } = JobOptions.entries;

/** A job that is not posted: a model that the hub keeps, how many items, and the options. */
export const QuoteRequest = v.strictObject({
  model: ModelName,
  items: v.pipe(Count, v.minValue(1), v.maxValue(1_000_000_000)),
  /** Of texts: tokens of the longest one, since all rows of a job are as long as that. */
  tokens: v.exactOptional(v.pipe(Count, v.minValue(1), v.maxValue(1_000_000))),
  ...{ task, unitItems, graphOptimization, image, outputs, batchAxis, shared, taps, open },
  ...{ unitPrice, priceMax, assurance, devices },
});
export type QuoteRequest = v.InferOutput<typeof QuoteRequest>;

/** What a job would cost and take, and whether it is possible now. */
export const Estimate = v.strictObject({
  possible: v.boolean(),
  /** Why not: none where it is possible. */
  reasons: v.array(Reason),
  /** All of it in a sentence. */
  message: v.string(),
  /** Absent where no job of the model was prepared with these options. */
  quote: v.exactOptional(Quote),
  /** The job whose preparation was measured. */
  job: v.exactOptional(JobId),
});
export type Estimate = v.InferOutput<typeof Estimate>;
