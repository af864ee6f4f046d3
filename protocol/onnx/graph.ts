import type { Dtype } from '../tensors/tensor.ts';
import { encodeOnnx } from './encode.ts';
import {
  ONNX_DTYPES,
  type OnnxAttribute,
  type OnnxDimension,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  rawTensor,
} from './model.ts';

const OPSET = 17;
/** The version that came with opset 17. */
const IR_VERSION = 8;

/** An input or an output of a graph; a dimension with a name has any size. */
export interface GraphValue {
  name: string;
  dtype: Dtype;
  dims: OnnxDimension[];
}

/** Builds an ONNX graph node by node; each call gives the name of the value it made. */
export interface GraphBuilder {
  /** A 32-bit float constant. The array is kept, not copied. */
  floats(name: string, dims: number[], values: Float32Array): string;
  integers(name: string, values: number[]): string;
  /** A constant of one whole number, without axes. */
  scalar(name: string, value: number): string;
  /** A constant of small integers, such as quantised weights. */
  bytes(name: string, dims: number[], values: Int8Array | Uint8Array): string;
  /** Adds a node, named like its first output. */
  node(opType: string, inputs: string[], options?: NodeOptions): string;
  /** Numbers in all float constants so far. */
  parameterCount(): number;
  /** The model of all nodes so far, opset 17, between these inputs and outputs. */
  build(ends: GraphEnds): OnnxModel;
  /** The same as bytes of a file. */
  encode(ends: GraphEnds): Uint8Array;
}

/** What a graph is called, takes and gives. */
export interface GraphEnds {
  name: string;
  inputs: GraphValue[];
  outputs: GraphValue[];
}

/** What a node has beside its inputs. */
export interface NodeOptions {
  attributes?: OnnxAttribute[];
  /** Name of the output; made up when absent. */
  output?: string;
  /** Names of further outputs, '' for one that is left out. */
  more?: string[];
}

const valueInfo = ({ name, dtype, dims }: GraphValue) => ({
  name,
  type: { kind: 'tensor' as const, dataType: ONNX_DTYPES[dtype], dims },
});

const bytesOf = (array: Float32Array | BigInt64Array) =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

/** How many numbers so many dimensions hold, which must be as many as there are. */
function sizeOf(name: string, dims: readonly number[], has: number): number {
  const count = dims.reduce((product, dimension) => product * dimension, 1);
  if (count !== has) throw new RangeError(`${name}: ${has} of ${count}`);
  return count;
}

/** Opens a builder without nodes. A constant that has not as many numbers as its dimensions is a `RangeError`. */
export function openGraph(): GraphBuilder {
  const nodes: OnnxNode[] = [];
  const initializers: OnnxTensor[] = [];
  let parameters = 0;
  const build: GraphBuilder['build'] = ({ name, inputs, outputs }) => ({
    irVersion: IR_VERSION,
    producerName: 'pocketgrid',
    opsetImports: [{ domain: '', version: OPSET }],
    graph: {
      name,
      nodes,
      initializers,
      sparseInitializers: [],
      inputs: inputs.map(valueInfo),
      outputs: outputs.map(valueInfo),
    },
    functions: [],
  });
  return {
    floats(name, dims, values) {
      parameters += sizeOf(name, dims, values.length);
      initializers.push(rawTensor(name, { dtype: 'f32', dims, data: bytesOf(values) }));
      return name;
    },
    integers(name, values) {
      const data = bytesOf(BigInt64Array.from(values, BigInt));
      initializers.push(rawTensor(name, { dtype: 'i64', dims: [values.length], data }));
      return name;
    },
    scalar(name, value) {
      const data = bytesOf(BigInt64Array.of(BigInt(value)));
      initializers.push(rawTensor(name, { dtype: 'i64', dims: [], data }));
      return name;
    },
    bytes(name, dims, values) {
      sizeOf(name, dims, values.length);
      const dtype = values instanceof Int8Array ? 'i8' : 'u8';
      const data = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
      initializers.push(rawTensor(name, { dtype, dims, data }));
      return name;
    },
    node(
      opType,
      inputs,
      { attributes = [], output = `${opType}_${nodes.length}`, more = [] } = {},
    ) {
      const outputs = [output, ...more];
      nodes.push({ name: output, opType, domain: '', inputs, outputs, attributes });
      return output;
    },
    parameterCount: () => parameters,
    build,
    encode: (ends) => encodeOnnx(build(ends)),
  };
}
