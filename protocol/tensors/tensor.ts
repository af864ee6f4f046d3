import * as v from 'valibot';

/** Bytes per element of each dtype. All are little-endian, in unit bytes and in files. */
export const DTYPE_BYTES = {
  f64: 8,
  f32: 4,
  f16: 2,
  i64: 8,
  i32: 4,
  i16: 2,
  i8: 1,
  u8: 1,
  bool: 1,
} as const;

/** A dtype's name in NumPy and in onnxruntime-web. */
export const DTYPE_NAMES = {
  f64: 'float64',
  f32: 'float32',
  f16: 'float16',
  i64: 'int64',
  i32: 'int32',
  i16: 'int16',
  i8: 'int8',
  u8: 'uint8',
  bool: 'bool',
} as const satisfies Record<Dtype, string>;

/** Element types, as NumPy and safetensors have them. */
export const Dtype = v.picklist(
  Object.keys(DTYPE_BYTES) as (keyof typeof DTYPE_BYTES)[],
  'expected one of f64, f32, f16, i64, i32, i16, i8, u8, bool',
);
export type Dtype = v.InferOutput<typeof Dtype>;

/** Name of an input or output of a model. */
export const TensorName = v.pipe(v.string(), v.minLength(1), v.maxLength(200));
const axes = (least: number) =>
  v.pipe(
    v.array(v.pipe(v.number(), v.safeInteger(), v.minValue(least))),
    v.maxLength(8, 'expected at most 8 dimensions'),
  );
/** Lengths of the axes, outermost first. */
export const Shape = axes(1);

/** One input or output of a unit, of a fixed shape. */
export const TensorSpec = v.strictObject({ name: TensorName, dtype: Dtype, shape: Shape });
export type TensorSpec = v.InferOutput<typeof TensorSpec>;
/** An input of a unit: one without values is fed all the same, such as a past of length 0. */
export const InputSpec = v.strictObject({ name: TensorName, dtype: Dtype, shape: axes(0) });

/**
 * Shape of one item's part in a tensor of a unit. Where the first axis counts no items the item,
 * alone in its unit, has all of it.
 */
export const itemShape = (shape: readonly number[], unitItems: number): number[] =>
  shape[0] === unitItems ? shape.slice(1) : [...shape];

/** A tensor in memory: row-major, little-endian. */
export interface Tensor {
  dtype: Dtype;
  shape: readonly number[];
  data: Uint8Array;
}

/** Elements of a tensor of this shape. */
export const elementCount = (shape: readonly number[]): number =>
  shape.reduce((product, dimension) => product * dimension, 1);

/** Bytes of a tensor. */
export const specBytes = (spec: { dtype: Dtype; shape: readonly number[] }): number =>
  elementCount(spec.shape) * DTYPE_BYTES[spec.dtype];

/** Length in bytes of one unit: its tensors laid end to end in the order of the manifest. */
export const unitBytes = (specs: readonly TensorSpec[]): number =>
  specs.reduce((sum, spec) => sum + specBytes(spec), 0);
