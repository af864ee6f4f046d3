import * as v from 'valibot';
import { Decoder } from '../models/decoder.ts';
import { BlobRef, GraphOptimization, TAPS_MAX } from '../models/package.ts';
import { Funding } from '../settlement/money-api.ts';
import { TaskName, TaskOptions } from '../tasks/task.ts';
import { InputSpec, TensorName, TensorSpec } from '../tensors/tensor.ts';
import { DeveloperId, Digest, JobId, PublicKey } from '../values/ids.ts';
import { Provider } from '../values/provider.ts';
import { Reason } from '../values/reason.ts';
import { Refusal } from '../values/refusal.ts';
import { Bytes, Count, Instant, Lamports, Millis } from '../values/units.ts';
import { WebAddress } from '../values/web-address.ts';
import { JobCategory, JobPurpose } from './about.ts';
import { ModelName } from './models.ts';

/**
 * checking: a verifier runs the model on the exact lane and makes the known answers.
 * finishing: every unit is accepted, drawn checks are still being judged.
 */
export const JobState = v.picklist([
  'checking',
  'quoted',
  'running',
  'finishing',
  'done',
  'cancelled',
  'refused',
]);
export type JobState = v.InferOutput<typeof JobState>;

const ENDED: readonly JobState[] = ['done', 'cancelled', 'refused'];
/** Whether a job in this state changes no more. */
export const isEnded = (state: JobState): boolean => ENDED.includes(state);

/**
 * When results are given out. `instant`: at once, spot-checked. `settled`: when enough later work
 * of the same device was judged, or an exit check has passed. `full`: when every unit is checked.
 */
export const Assurance = v.picklist(
  ['instant', 'settled', 'full'],
  'expected "instant" (at once), "settled" (when later work vouches for them) or "full" (every unit checked)',
);
export type Assurance = v.InferOutput<typeof Assurance>;

const Side = v.pipe(Count, v.minValue(1), v.maxValue(8192));

/** Which devices a job is lent to; without it to all that can compute it. */
export const DeviceClasses = v.strictObject({
  /** How they run the model: none of the others is tried. */
  providers: v.exactOptional(
    v.pipe(v.array(Provider), v.minLength(1), v.maxLength(Provider.options.length)),
  ),
  /** Bytes of memory that they have to offer. */
  memoryMin: v.exactOptional(Bytes),
});
export type DeviceClasses = v.InferOutput<typeof DeviceClasses>;

/** Days after the end of a job for which its inputs and results are kept, if nothing is said. */
export const KEEP_DAYS = 30;

/** What a developer says when posting a job, beside the model and the inputs. */
export const JobOptions = v.strictObject({
  name: v.pipe(v.string(), v.minLength(1), v.maxLength(120)),
  /** What it computes, in one sentence for contributors; made of task and model when absent. */
  purpose: v.exactOptional(JobPurpose),
  /** What it is about, for contributors who leave some out; by the task when absent. */
  category: v.exactOptional(JobCategory),
  /** A model that the hub keeps, in place of files in the form. */
  model: v.exactOptional(ModelName),
  /** Where the hub fetches the file of inputs, in place of files in the form. */
  inputsUrl: v.optional(WebAddress),
  /** Where the hub puts the results as JSON Lines when the job is done: such as a presigned address. */
  resultsUrl: v.optional(WebAddress),
  /** What the model is asked to do with texts or pictures. */
  task: v.optional(TaskOptions),
  /** Items per unit. Chosen by the hub when absent. */
  unitItems: v.optional(v.pipe(Count, v.minValue(1), v.maxValue(4096))),
  graphOptimization: v.optional(GraphOptimization),
  /** Whether NaN in the inputs is allowed. */
  allowNan: v.optional(v.boolean()),
  /** Takes the other files where some cannot be read; the quote names those left out. */
  skipBadFiles: v.optional(v.boolean()),
  /** How pictures become tensors without a task: channels first, `(value/255 − mean) / std` per channel. */
  image: v.optional(
    v.strictObject({
      /** Pixels: both sides, or height and width. The model says it, or the pictures do, without. */
      size: v.optional(
        v.union([Side, v.tuple([Side, Side])], 'expected a side in pixels, or [height, width]'),
      ),
      /** What is done where a picture has other proportions: cut, filled up with black, or bent. */
      fit: v.optional(
        v.picklist(['crop', 'contain', 'stretch'], 'expected "crop", "contain" or "stretch"'),
      ),
      /** Whether the EXIF tag of a picture turns it, or it stays as its pixels are stored. */
      orientation: v.optional(v.picklist(['upright', 'stored'], 'expected "upright" or "stored"')),
      mean: v.optional(v.pipe(v.array(v.number()), v.minLength(1), v.maxLength(4))),
      std: v.optional(v.pipe(v.array(v.number()), v.minLength(1), v.maxLength(4))),
      layout: v.optional(v.picklist(['nchw', 'nhwc'], 'expected "nchw" or "nhwc"')),
    }),
  ),
  /** Outputs wanted; those that units can carry when absent. */
  outputs: v.optional(v.pipe(v.array(TensorName), v.minLength(1), v.maxLength(16))),
  /** The axis that counts items, by input, where the model's names of axes do not tell. */
  batchAxis: v.optional(v.record(TensorName, v.pipe(Count, v.maxValue(7)))),
  /** What all items share, by input: a number, or numbers nested by axis. It becomes a constant. */
  shared: v.optional(v.record(TensorName, v.unknown())),
  /** Price per unit in lamports; "0" asks for volunteers. */
  unitPrice: v.optional(Lamports),
  /** The most that the quote may come to, in lamports: above it the job does not start. */
  priceMax: v.optional(Lamports),
  assurance: v.optional(Assurance),
  devices: v.optional(DeviceClasses),
  /** When results are wanted. Jobs of one key that are as far with their share go by it. */
  deadline: v.optional(Instant),
  /** Adds taps to the model, so that checks look inside it as well as at its outputs. */
  taps: v.optional(v.boolean()),
  /** Starts as soon as it is quoted. */
  autoStart: v.optional(v.boolean()),
  /** Prepares the job for its quote alone: it ends with that, and nothing is computed. */
  dryRun: v.optional(v.boolean()),
  /** Takes more inputs while it runs, before other work, until it is told that there are no more. */
  open: v.optional(v.boolean()),
  /** Minutes without new inputs after which an open job takes no more; 60 unless said otherwise. */
  idleMinutes: v.optional(v.pipe(Count, v.minValue(1), v.maxValue(1_440))),
  /** Days after the job's end for which inputs and results are kept. */
  keepDays: v.optional(v.pipe(Count, v.minValue(1), v.maxValue(3_650))),
});
export type JobOptions = v.InferOutput<typeof JobOptions>;

/**
 * Calls of OpenAI's API that the hub answers at once, as items of open jobs; `completions` are those of
 * conversations too.
 */
export const RequestCall = v.picklist(['embeddings', 'moderations', 'completions']);
export type RequestCall = v.InferOutput<typeof RequestCall>;

/** What an uploaded graph is to be run as. */
export const GraphDraft = v.strictObject({
  kind: v.literal('graph'),
  inputs: v.array(InputSpec),
  unitItems: v.pipe(Count, v.minValue(1)),
  graphOptimization: GraphOptimization,
  /**
   * Why a unit holds so many items: `fixed`, since it was asked for or the model takes no other, or
   * `measured`, by what an item costs. Absent where a verifier has still to measure.
   */
  sized: v.exactOptional(v.picklist(['fixed', 'measured'])),
  /** Units hold one item: a verifier saw answers change in larger ones, or axes do not join. */
  coupled: v.exactOptional(v.literal(true)),
  /** Outputs of the file that are taps, the shallowest first. */
  taps: v.optional(v.pipe(v.array(TensorName), v.minLength(1), v.maxLength(TAPS_MAX))),
});
export type GraphDraft = v.InferOutput<typeof GraphDraft>;

/** What an uploaded model that writes text is to be run as. */
export const DecodeDraft = v.strictObject({
  ...GraphDraft.entries,
  kind: v.literal('decode'),
  decoder: Decoder,
});
export type DecodeDraft = v.InferOutput<typeof DecodeDraft>;

/**
 * A model as uploaded, before a verifier has run it: outputs and known answers are not known yet.
 * What it is posted for decides the kind of its job.
 */
export const PackageDraft = v.strictObject({
  name: v.string(),
  file: BlobRef,
  runtime: v.variant('kind', [GraphDraft, DecodeDraft]),
});
export type PackageDraft = v.InferOutput<typeof PackageDraft>;

/** What the hub fixes when a job is created. */
export const JobRecord = v.strictObject({
  id: JobId,
  /** Whose key it was posted with. */
  developer: DeveloperId,
  /** What the operator calls that key; absent where it is an operator's own. */
  developerName: v.exactOptional(v.string()),
  name: v.string(),
  /** As in `JobOptions`. */
  purpose: v.exactOptional(v.string()),
  category: v.exactOptional(JobCategory),
  createdAt: Instant,
  draft: PackageDraft,
  /** All units' input bytes end to end; the last unit is filled up by repeating its last item. */
  inputs: BlobRef,
  /** 32 bytes of SHA-256 per unit, end to end. */
  inputDigests: BlobRef,
  items: v.pipe(Count, v.minValue(1)),
  units: v.pipe(Count, v.minValue(1)),
  unitPrice: Lamports,
  /** It does not start while its quote is above it. */
  priceMax: v.exactOptional(Lamports),
  /** The only devices it is lent to. */
  devices: v.exactOptional(DeviceClasses),
  /** When results are wanted. */
  deadline: v.exactOptional(Instant),
  assurance: Assurance,
  autoStart: v.boolean(),
  /** It ends when it has its quote. */
  dryRun: v.exactOptional(v.literal(true)),
  /** Of a model that the hub keeps: it and the options that shape what devices run, as a digest. */
  setup: v.exactOptional(Digest),
  /** It takes inputs while it runs, until none have come for so many minutes. */
  open: v.exactOptional(v.strictObject({ idleMinutes: Count })),
  /** The hub opened it for requests of this call of OpenAI's API, which become its items. */
  requests: v.exactOptional(RequestCall),
  /** Inputs and results are kept for so many days after the end; `KEEP_DAYS` where it is absent. */
  keepDays: v.exactOptional(Count),
  /** JSON, `ItemNames`: each item's file, where they came in several or are pictures. */
  itemNames: v.exactOptional(BlobRef),
  /** JSON, a `FileFault` for each file that was left out, as asked. */
  leftOut: v.exactOptional(BlobRef),
  /** What the hub did with the files on its own; the quote says it. */
  notes: v.exactOptional(v.array(Reason)),
  /** The model of the hub that it was made of, with its revision; absent where files were sent. */
  model: v.exactOptional(ModelName),
  /** What answers are made of: the task, and JSON of the model's settings. */
  task: v.exactOptional(v.strictObject({ options: TaskOptions, settings: BlobRef })),
});
export type JobRecord = v.InferOutput<typeof JobRecord>;

/** Price, time and checks of a job, before it starts. */
export const Quote = v.strictObject({
  units: Count,
  items: Count,
  /** Expected shards, at the median speed of the devices online. */
  shards: Count,
  devices: Count,
  /** Alone on these devices. Absent when no device online can take the job yet. */
  durationMs: v.optional(Millis),
  /**
   * On those whose speed was measured, beside all jobs that run now. Absent where the speed of none
   * was.
   */
  latestMs: v.exactOptional(Millis),
  /** The price of all units and of the checks that the assurance asks for beyond the usual ones. */
  total: Lamports,
  /** Share of units expected to be checked, for the device that is trusted most. */
  checkRate: v.number(),
  /** How surely a device is caught that falsifies a fifth: at least 1 − exp(−checks / 5). */
  confidence: v.number(),
  peakBytes: v.number(),
  notes: v.array(Reason),
});
export type Quote = v.InferOutput<typeof Quote>;

/** A job as the API shows it. */
export const JobView = v.strictObject({
  id: JobId,
  name: v.string(),
  /** Who posted it, as the operator calls the key; absent where it is an operator's own. */
  postedBy: v.exactOptional(v.string()),
  /** What it computes, as contributors are told: a sentence without its full stop. */
  purpose: v.string(),
  category: JobCategory,
  state: JobState,
  /** Why it stands where it stands. */
  reason: Reason,
  createdAt: Instant,
  /** When results are wanted, and why they come later, if they do. */
  deadline: v.exactOptional(Instant),
  late: v.exactOptional(Reason),
  /** Jobs before it: those that verifiers prepare first, or that devices are offered first. */
  ahead: v.exactOptional(Count),
  startedAt: v.optional(Instant),
  endedAt: v.optional(Instant),
  /** When its inputs and results go, once it has ended. */
  keptUntil: v.exactOptional(Instant),
  /** When they went. */
  removedAt: v.exactOptional(Instant),
  /** The model of the hub that it was made of, with its revision. */
  model: v.exactOptional(ModelName),
  package: v.optional(Digest),
  inputs: v.array(InputSpec),
  outputs: v.array(TensorSpec),
  unitItems: Count,
  items: Count,
  units: Count,
  accepted: Count,
  /** Items that no device can compute: the results say why. */
  failed: Count,
  assurance: Assurance,
  unitPrice: Lamports,
  /** With a price: what it is paid from, once that is on the chain. */
  funding: v.optional(Funding),
  /** Units whose results may be read: all accepted ones where assurance is `instant`. */
  released: Count,
  /** Of a job that runs: items from the first on whose results can be read already. */
  readyItems: v.exactOptional(Count),
  leased: Count,
  devices: Count,
  /** Leases that are late before the others: whose, how many units, and from when on. */
  soonestLate: v.exactOptional(
    v.array(v.strictObject({ device: PublicKey, units: Count, lateFrom: Instant })),
  ),
  checked: Count,
  mismatched: Count,
  requeued: Count,
  /** Items have the names of the files they came in. */
  named: v.optional(v.literal(true)),
  /** It takes more inputs. */
  open: v.exactOptional(v.literal(true)),
  /** What answers in JSON Lines are of. */
  task: v.optional(TaskName),
  /** The only devices it is lent to. */
  wantedDevices: v.exactOptional(DeviceClasses),
  quote: v.optional(Quote),
  refusal: v.optional(Refusal),
});
export type JobView = v.InferOutput<typeof JobView>;
