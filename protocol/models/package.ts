import * as v from 'valibot';
import { digestRecord } from '../bytes/digest.ts';
import { Dtype, InputSpec, TensorName, TensorSpec } from '../tensors/tensor.ts';
import { type Digest, Root } from '../values/ids.ts';
import { hasProvider, Provider } from '../values/provider.ts';
import { Bytes, Count, Millis } from '../values/units.ts';
import { Decoder, Steps } from './decoder.ts';

/** A blob by content: BEP 52 root and length. */
export const BlobRef = v.strictObject({ root: Root, length: Bytes });
export type BlobRef = v.InferOutput<typeof BlobRef>;

/** What a model's file needs from an adapter beyond its provider. */
export const Feature = v.picklist(['shader-f16']);
export type Feature = v.InferOutput<typeof Feature>;

/** How far the runtime rewrites a graph, as onnxruntime names it. */
export const GraphOptimization = v.picklist(['disabled', 'basic', 'extended', 'all']);
export type GraphOptimization = v.InferOutput<typeof GraphOptimization>;

/**
 * The exact lane: what a verifier re-executes on. Honest WASM devices and every verifier agree on
 * it bit for bit; the graph optimisation level changes bits, so it is part of the profile.
 */
export const ReferenceLane = v.strictObject({
  runtime: v.literal('onnxruntime-web'),
  version: v.pipe(v.string(), v.regex(/^\d+\.\d+\.\d+$/)),
  provider: v.literal('wasm'),
  graphOptimization: GraphOptimization,
});
export type ReferenceLane = v.InferOutput<typeof ReferenceLane>;
/** What verifiers execute on. */
export const REFERENCE_LANE: ReferenceLane = {
  runtime: 'onnxruntime-web',
  version: '1.30.0',
  provider: 'wasm',
  graphOptimization: 'all',
};

const DistanceNumber = v.pipe(v.number(), v.minValue(0));
const DecoyName = v.pipe(v.string(), v.minLength(1), v.maxLength(60));

/**
 * What a cheat would run instead of the model, measured against it on the exact lane: the least
 * `l2` of any unit of any decoy that changed the output, with the decoy it came from, and the least
 * `max`.
 */
export const NearestDecoy = v.strictObject({
  decoy: DecoyName,
  l2: DistanceNumber,
  max: DistanceNumber,
});

/**
 * How outputs of a GPU provider are judged against the exact lane:
 * `l2` = ‖a−b‖₂ / ‖b‖₂ and `max` = max|a−b| / RMS(b), both at most the threshold.
 * Source: reference/verification.md §3.4.
 */
export const Comparator = v.strictObject({
  output: TensorName,
  l2: DistanceNumber,
  max: DistanceNumber,
  /** Absent where no decoy changed this output. */
  nearest: v.optional(NearestDecoy),
});
export type Comparator = v.InferOutput<typeof Comparator>;

/** Where the thresholds come from: anyone can make the decoys again, run them and compare. */
export const Calibrated = v.strictObject({
  /** `THRESHOLD_VERSION` of the rule that made thresholds of distances. */
  rule: v.pipe(v.string(), v.minLength(1), v.maxLength(60)),
  decoys: v.pipe(v.array(DecoyName), v.maxLength(16)),
  /** Units of the job's inputs that the decoys were run on. */
  units: v.pipe(v.array(Count), v.maxLength(16)),
});

/** A unit whose answer on the exact lane is known: unit bytes in, unit bytes out. */
export const KnownAnswer = v.strictObject({ inputs: BlobRef, outputs: BlobRef });

/** A file of the model and what a GPU needs for it. */
export const Variant = v.strictObject({ dtype: Dtype, file: BlobRef, needs: v.array(Feature) });
export type Variant = v.InferOutput<typeof Variant>;

/** An output that the hub added to the model to look inside it; never part of results. */
export const Tap = v.strictObject({
  ...TensorSpec.entries,
  dtype: v.literal('f32'),
  /** Divides its values before they are projected: a power of two near their RMS at preparation. */
  scale: v.pipe(v.number(), v.finite(), v.minValue(Number.MIN_VALUE)),
});
export type Tap = v.InferOutput<typeof Tap>;

/** Taps of a model at most, and numbers kept of each: 4 × 32 halves are 256 bytes. */
export const TAPS_MAX = 4;

/** A model that maps a batch of one shape to tensors of one shape. */
export const GraphRuntime = v.strictObject({
  kind: v.literal('graph'),
  inputs: v.pipe(v.array(InputSpec), v.minLength(1), v.maxLength(16)),
  outputs: v.pipe(v.array(TensorSpec), v.minLength(1), v.maxLength(16)),
  /** Items per unit: the fixed batch. */
  unitItems: v.pipe(Count, v.minValue(1)),
  reference: ReferenceLane,
  comparators: v.array(Comparator),
  /** Absent in packages that were made before thresholds were calibrated. */
  calibrated: v.optional(Calibrated),
  /** The shallowest first; none where the job was posted without them. */
  taps: v.pipe(v.array(Tap), v.maxLength(TAPS_MAX)),
});
export type GraphRuntime = v.InferOutput<typeof GraphRuntime>;

/** A model that writes text: a unit is a slice of one (`protocol/generation/slice.ts`). */
export const DecodeRuntime = v.strictObject({
  ...GraphRuntime.entries,
  kind: v.literal('decode'),
  decoder: Decoder,
  steps: Steps,
});
export type DecodeRuntime = v.InferOutput<typeof DecodeRuntime>;

/** How a model is run and its results are judged: one member for each kind of job. */
export const Runtime = v.variant('kind', [GraphRuntime, DecodeRuntime]);
export type Runtime = v.InferOutput<typeof Runtime>;

/** What was packaged by older hubs has the numbers 1 and 2. */
export const PACKAGE_FORMAT = 'pocketgrid/package@3';

/**
 * What a contributor needs to know of a model, for one job. `digestPackage` is the id of the
 * package. Jobs of one package have known answers, thresholds and a name of their own.
 */
export const PackageManifest = v.strictObject({
  format: v.picklist(['pocketgrid/package@1', 'pocketgrid/package@2', PACKAGE_FORMAT]),
  name: v.pipe(v.string(), v.minLength(1), v.maxLength(120)),
  variants: v.pipe(v.array(Variant), v.minLength(1), v.maxLength(8)),
  runtime: Runtime,
  /** What may run it; absent where any provider may. */
  providers: v.optional(
    v.pipe(v.array(Provider), v.minLength(1), v.maxLength(Provider.options.length)),
  ),
  knownAnswers: v.pipe(v.array(KnownAnswer), v.minLength(1), v.maxLength(4)),
  /** Peak memory on a device, as measured when the package was prepared: the runtime, its heap, and the file while it is loaded. */
  peakBytes: Bytes,
  /** Time of one unit on the exact lane of the verifier that ran the package first, one thread. */
  referenceUnitMs: Millis,
});
export type PackageManifest = v.InferOutput<typeof PackageManifest>;

/**
 * The id of a package: the digest of what is executed, which is its files, its runtime, and the
 * shapes of its tensors. Those of formats 1 and 2 were one job's: the digest of all that was said,
 * flat in format 1.
 */
export function digestPackage(manifest: PackageManifest): Digest {
  const { format, variants, runtime, ...rest } = manifest;
  if (format === PACKAGE_FORMAT) {
    const { kind, inputs, outputs, unitItems, reference } = runtime;
    const taps = runtime.taps.map(({ scale: _, ...spec }) => spec);
    const written =
      kind === 'decode' ? { decoder: runtime.decoder, steps: runtime.steps } : undefined;
    const executed = { kind, inputs, outputs, unitItems, reference, taps, ...written };
    return digestRecord({ format, variants, runtime: executed });
  }
  if (format === 'pocketgrid/package@2') return digestRecord(manifest);
  const { kind, ...graph } = runtime;
  return digestRecord({ format, variants, ...rest, ...graph, runtime: kind });
}

/**
 * The cost of one unit of a package: its reference time in whole microseconds, at least 1. Work is
 * counted in it, so that it stays what the first preparation of the package found.
 */
export const unitCost = ({ referenceUnitMs }: Pick<PackageManifest, 'referenceUnitMs'>): number =>
  Math.max(1, Math.floor(referenceUnitMs * 1000 + 0.5));

/** What the first preparation of a package found, and every later one keeps. */
export type Measured = Pick<PackageManifest, 'peakBytes' | 'referenceUnitMs'> & {
  taps: readonly Tap[];
};

/** A manifest with what the first preparation of its package found in place of its own. */
export function withMeasured(
  manifest: PackageManifest,
  { taps, ...found }: Measured,
): PackageManifest {
  return { ...manifest, ...found, runtime: { ...manifest.runtime, taps: [...taps] } };
}

/** Whether results of a provider can be told from a cheat's: where not, it has no such work. */
export const allowsProvider = (
  { providers }: Pick<PackageManifest, 'providers'>,
  provider: Provider,
): boolean => providers === undefined || hasProvider(providers, provider);
