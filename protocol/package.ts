import * as v from 'valibot';
import { Root } from './ids.ts';
import { Dtype, TensorName, TensorSpec } from './tensor.ts';
import { Bytes, Count, Millis } from './units.ts';

/** A blob by content: BEP 52 root and length. */
export const BlobRef = v.strictObject({ root: Root, length: Bytes });
export type BlobRef = v.InferOutput<typeof BlobRef>;

export const Provider = v.picklist(['wasm', 'webgpu', 'webnn']);
export type Provider = v.InferOutput<typeof Provider>;

/** What a model's file needs from an adapter beyond its provider. */
export const Feature = v.picklist(['shader-f16']);
export type Feature = v.InferOutput<typeof Feature>;

export const GraphOptimization = v.picklist(['disabled', 'basic', 'extended', 'all']);
export type GraphOptimization = v.InferOutput<typeof GraphOptimization>;

/**
 * The exact lane: what a verifier re-executes on. Honest WASM devices and every verifier agree on it
 * bit for bit; the graph optimisation level changes bits, so it is part of the profile.
 */
export const ReferenceLane = v.strictObject({
  runtime: v.literal('onnxruntime-web'),
  version: v.pipe(v.string(), v.regex(/^\d+\.\d+\.\d+$/)),
  provider: v.literal('wasm'),
  graphOptimization: GraphOptimization,
});
export type ReferenceLane = v.InferOutput<typeof ReferenceLane>;
export const REFERENCE_LANE: ReferenceLane = {
  runtime: 'onnxruntime-web',
  version: '1.30.0',
  provider: 'wasm',
  graphOptimization: 'all',
};

/**
 * How outputs of a GPU provider are judged against the exact lane:
 * `l2` = ‖a−b‖₂ / ‖b‖₂ and `max` = max|a−b| / RMS(b), both at most the threshold.
 * Source: reference/verification.md §3.4.
 */
export const Comparator = v.strictObject({
  output: TensorName,
  l2: v.pipe(v.number(), v.minValue(0)),
  max: v.pipe(v.number(), v.minValue(0)),
});
export type Comparator = v.InferOutput<typeof Comparator>;

/** A unit whose answer on the exact lane is known: unit bytes in, unit bytes out. */
export const KnownAnswer = v.strictObject({ inputs: BlobRef, outputs: BlobRef });
export type KnownAnswer = v.InferOutput<typeof KnownAnswer>;

export const Variant = v.strictObject({ dtype: Dtype, file: BlobRef, needs: v.array(Feature) });
export type Variant = v.InferOutput<typeof Variant>;

/** What a contributor needs to know of a model. Its id is the digest of its canonical JSON. */
export const PackageManifest = v.strictObject({
  format: v.literal('pocketgrid/package@1'),
  name: v.pipe(v.string(), v.minLength(1), v.maxLength(120)),
  runtime: v.literal('graph'),
  variants: v.pipe(v.array(Variant), v.minLength(1), v.maxLength(8)),
  inputs: v.pipe(v.array(TensorSpec), v.minLength(1), v.maxLength(16)),
  outputs: v.pipe(v.array(TensorSpec), v.minLength(1), v.maxLength(16)),
  /** Items per unit: the fixed batch. */
  unitItems: v.pipe(Count, v.minValue(1)),
  reference: ReferenceLane,
  comparators: v.array(Comparator),
  taps: v.array(TensorName),
  knownAnswers: v.pipe(v.array(KnownAnswer), v.minLength(1), v.maxLength(4)),
  /** Estimated peak memory on a device: weights, runtime, activations, copies. */
  peakBytes: Bytes,
  /** Time of one unit on the verifier's exact lane, one thread. */
  referenceUnitMs: Millis,
});
export type PackageManifest = v.InferOutput<typeof PackageManifest>;
