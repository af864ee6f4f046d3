import type { Dtype } from '../tensors/tensor.ts';

/**
 * The parts of an ONNX `ModelProto` that we read and write. Meaning and field numbers: onnx.proto
 * of the ONNX project, IR version 14. Numbers stand for themselves where ONNX has an enumeration,
 * so that a value we do not know survives a decode.
 */
export interface OnnxModel {
  irVersion: number;
  producerName: string;
  opsetImports: OnnxOpset[];
  graph: OnnxGraph;
  functions: OnnxFunction[];
}

/** Domain '' and 'ai.onnx' are the same one. */
export interface OnnxOpset {
  domain: string;
  version: number;
}

/** A `GraphProto` (onnx.proto). */
export interface OnnxGraph {
  name: string;
  nodes: OnnxNode[];
  initializers: OnnxTensor[];
  sparseInitializers: OnnxSparseTensor[];
  /** May name initializers too: those have a default and need not be fed. */
  inputs: OnnxValue[];
  outputs: OnnxValue[];
}

/** A `NodeProto` (onnx.proto). */
export interface OnnxNode {
  name: string;
  opType: string;
  domain: string;
  /** An empty name is an optional input left out. */
  inputs: string[];
  outputs: string[];
  attributes: OnnxAttribute[];
}

/** `type` is AttributeProto.AttributeType; every field that was present is kept. */
export interface OnnxAttribute {
  name: string;
  type: number;
  float?: number;
  /** Rounded when beyond 2^53; so are `ints`. */
  int?: number;
  string?: Uint8Array;
  tensor?: OnnxTensor;
  graph?: OnnxGraph;
  sparseTensor?: OnnxSparseTensor;
  floats?: number[];
  ints?: number[];
  strings?: Uint8Array[];
  tensors?: OnnxTensor[];
  graphs?: OnnxGraph[];
  sparseTensors?: OnnxSparseTensor[];
  /** In a function body: the attribute of the call that gives the value. */
  reference?: string;
}

/** How a tensor's elements are stored: `raw` is row-major little-endian. */
export type OnnxStorage = 'raw' | 'float' | 'int32' | 'string' | 'int64' | 'double' | 'uint64';

/** A `TensorProto` (onnx.proto). */
export interface OnnxTensor {
  name: string;
  /** TensorProto.DataType; see `ONNX_DTYPES`. */
  dataType: number;
  dims: number[];
  storage: OnnxStorage;
  /** A view of the file: raw bytes, or the packed field's bytes (varints for integers). */
  data: Uint8Array;
  /** The elements of a tensor of texts, each in UTF-8. */
  texts?: Uint8Array[];
  /** Where the elements are, when they are not in the file. */
  external?: OnnxExternal;
}

/** Bytes of another file, as its folder names it: all of it where no length is given. */
export interface OnnxExternal {
  location: string;
  offset?: number;
  length?: number;
}

/** A `SparseTensorProto` (onnx.proto). */
export interface OnnxSparseTensor {
  values?: OnnxTensor;
  indices?: OnnxTensor;
  dims: number[];
}

/** A size, or a symbol for one that is known only when it runs; '' where not even named. */
export type OnnxDimension = number | string;

/** A `TypeProto` (onnx.proto). */
export type OnnxType =
  /** `dims` is absent when not even the rank is known. */
  | { kind: 'tensor'; dataType: number; dims?: OnnxDimension[] }
  | { kind: 'sequence' | 'map' | 'optional' | 'sparse-tensor' | 'opaque' | 'none' };

/** A `ValueInfoProto` (onnx.proto). */
export interface OnnxValue {
  name: string;
  type: OnnxType;
}

export interface OnnxFunction {
  name: string;
  domain: string;
  nodes: OnnxNode[];
}

/** TensorProto.DataType of each dtype we carry. */
export const ONNX_DTYPES = {
  f32: 1,
  u8: 2,
  i8: 3,
  i16: 5,
  i32: 6,
  i64: 7,
  bool: 9,
  f16: 10,
  f64: 11,
} as const satisfies Record<Dtype, number>;

/** Names of the other element types, for sentences. */
const FOREIGN_DTYPES: Readonly<Record<number, string>> = {
  4: 'uint16',
  8: 'string',
  12: 'uint32',
  13: 'uint64',
  14: 'complex64',
  15: 'complex128',
  16: 'bfloat16',
  17: 'float8',
  18: 'float8',
  19: 'float8',
  20: 'float8',
  21: 'uint4',
  22: 'int4',
  23: 'float4',
  24: 'float8',
  25: 'uint2',
  26: 'int2',
  27: 'float6',
  28: 'float6',
};

const DTYPE_OF = new Map<number, Dtype>(
  (Object.keys(ONNX_DTYPES) as Dtype[]).map((dtype) => [ONNX_DTYPES[dtype], dtype]),
);

/** Our dtype for a TensorProto.DataType, or undefined when we do not carry it. */
export const dtypeOfOnnx = (dataType: number): Dtype | undefined => DTYPE_OF.get(dataType);

/** A name of the element type for a sentence. */
export const nameOnnxType = (dataType: number): string =>
  DTYPE_OF.get(dataType) ?? FOREIGN_DTYPES[dataType] ?? `element type ${dataType}`;

const ATTRIBUTE_TYPES = { float: 1, int: 2, string: 3, tensor: 4, graph: 5, ints: 7 } as const;

const attributeOf =
  <F extends keyof typeof ATTRIBUTE_TYPES>(field: F) =>
  (name: string, value: NonNullable<OnnxAttribute[F]>): OnnxAttribute => ({
    name,
    type: ATTRIBUTE_TYPES[field],
    [field]: value,
  });

/** Attributes by the kind of their value: a tensor of a `Constant`, the body of a `Loop`. */
export const intAttribute = attributeOf('int');
/** An attribute of whole numbers. */
export const intsAttribute = attributeOf('ints');
/** An attribute of one number. */
export const floatAttribute = attributeOf('float');
/** An attribute that is a tensor. */
export const tensorAttribute = attributeOf('tensor');
/** An attribute that is a graph, such as the body of a loop. */
export const graphAttribute = attributeOf('graph');
/** A text, such as the mode of a `Resize`. */
export const stringAttribute = (name: string, text: string): OnnxAttribute =>
  attributeOf('string')(name, new TextEncoder().encode(text));

/** A tensor whose elements are given as row-major little-endian bytes. */
export const rawTensor = (
  name: string,
  tensor: { dtype: Dtype; dims: number[]; data: Uint8Array },
): OnnxTensor => ({
  name,
  dataType: ONNX_DTYPES[tensor.dtype],
  dims: tensor.dims,
  storage: 'raw',
  data: tensor.data,
});
