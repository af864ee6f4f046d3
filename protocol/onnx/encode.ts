import type {
  OnnxAttribute,
  OnnxDimension,
  OnnxFunction,
  OnnxGraph,
  OnnxModel,
  OnnxNode,
  OnnxOpset,
  OnnxSparseTensor,
  OnnxStorage,
  OnnxTensor,
  OnnxType,
  OnnxValue,
} from './model.ts';
import { PbfWriter } from './wire.ts';

/**
 * Encodes a model; the same model always gives the same bytes. Throws `RangeError` for an integer
 * past 2^53, which a double cannot have held exactly, and for string tensors, whose elements are
 * not kept by the decoder.
 */
export function encodeOnnx(model: OnnxModel): Uint8Array {
  // Room for the tensors at once: growing by doubling would copy the weights several times.
  const weights = model.graph.initializers.reduce((sum, tensor) => sum + tensor.data.length, 0);
  const writer = new PbfWriter(new Uint8Array(weights + 64 * 1024));
  if (model.irVersion !== 0) writeInt(writer, 1, model.irVersion);
  writeText(writer, 2, model.producerName);
  writer.writeMessage(7, writeGraph, model.graph);
  for (const opset of model.opsetImports) writer.writeMessage(8, writeOpset, opset);
  for (const body of model.functions) writer.writeMessage(25, writeFunction, body);
  return writer.finish();
}

function writeInt(writer: PbfWriter, field: number, value: number): void {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is no exact integer`);
  writer.writeVarintField(field, value);
}

const utf8 = new TextEncoder();

// pbf's own string writer turns U+20000 into U+10000 (5.1.2): it joins surrogates with `|`.
function writeString(writer: PbfWriter, field: number, text: string): void {
  writer.writeBytesField(field, utf8.encode(text));
}

function writeText(writer: PbfWriter, field: number, text: string): void {
  if (text !== '') writeString(writer, field, text);
}

function writeOpset(opset: OnnxOpset, writer: PbfWriter): void {
  writeText(writer, 1, opset.domain);
  writeInt(writer, 2, opset.version);
}

function writeFunction(body: OnnxFunction, writer: PbfWriter): void {
  writeText(writer, 1, body.name);
  for (const node of body.nodes) writer.writeMessage(7, writeNode, node);
  writeText(writer, 10, body.domain);
}

function writeGraph(graph: OnnxGraph, writer: PbfWriter): void {
  for (const node of graph.nodes) writer.writeMessage(1, writeNode, node);
  writeText(writer, 2, graph.name);
  for (const tensor of graph.initializers) writer.writeMessage(5, writeTensor, tensor);
  for (const value of graph.inputs) writer.writeMessage(11, writeValue, value);
  for (const value of graph.outputs) writer.writeMessage(12, writeValue, value);
  for (const sparse of graph.sparseInitializers) writer.writeMessage(15, writeSparse, sparse);
}

function writeNode(node: OnnxNode, writer: PbfWriter): void {
  // An input left out keeps its place, so empty names are written too.
  for (const input of node.inputs) writeString(writer, 1, input);
  for (const output of node.outputs) writeString(writer, 2, output);
  writeText(writer, 3, node.name);
  writeText(writer, 4, node.opType);
  for (const attribute of node.attributes) writer.writeMessage(5, writeAttribute, attribute);
  writeText(writer, 7, node.domain);
}

function writeAttribute(attribute: OnnxAttribute, writer: PbfWriter): void {
  writeText(writer, 1, attribute.name);
  if (attribute.float !== undefined) writer.writeFloatField(2, attribute.float);
  if (attribute.int !== undefined) writeInt(writer, 3, attribute.int);
  if (attribute.string !== undefined) writer.writeBytesField(4, attribute.string);
  if (attribute.tensor !== undefined) writer.writeMessage(5, writeTensor, attribute.tensor);
  if (attribute.graph !== undefined) writer.writeMessage(6, writeGraph, attribute.graph);
  // ONNX declares these two unpacked.
  for (const float of attribute.floats ?? []) writer.writeFloatField(7, float);
  for (const int of attribute.ints ?? []) writeInt(writer, 8, int);
  for (const string of attribute.strings ?? []) writer.writeBytesField(9, string);
  for (const tensor of attribute.tensors ?? []) writer.writeMessage(10, writeTensor, tensor);
  for (const graph of attribute.graphs ?? []) writer.writeMessage(11, writeGraph, graph);
  if (attribute.type !== 0) writeInt(writer, 20, attribute.type);
  if (attribute.reference !== undefined) writeString(writer, 21, attribute.reference);
  if (attribute.sparseTensor !== undefined) {
    writer.writeMessage(22, writeSparse, attribute.sparseTensor);
  }
  for (const sparse of attribute.sparseTensors ?? []) writer.writeMessage(23, writeSparse, sparse);
}

const FIELD_OF_STORAGE: Readonly<Record<Exclude<OnnxStorage, 'string'>, number>> = {
  float: 4,
  int32: 5,
  int64: 7,
  raw: 9,
  double: 10,
  uint64: 11,
};

function writeTensor(tensor: OnnxTensor, writer: PbfWriter): void {
  if (tensor.storage === 'string') throw new RangeError('string tensors cannot be encoded');
  for (const dimension of tensor.dims) writeInt(writer, 1, dimension);
  if (tensor.dataType !== 0) writeInt(writer, 2, tensor.dataType);
  writeText(writer, 8, tensor.name);
  if (tensor.external === undefined) {
    writer.writeBytesField(FIELD_OF_STORAGE[tensor.storage], tensor.data);
    return;
  }
  writer.writeMessage(13, writeLocation, tensor.external);
  writeInt(writer, 14, 1);
}

function writeLocation(external: { location: string }, writer: PbfWriter): void {
  writeString(writer, 1, 'location');
  writeString(writer, 2, external.location);
}

function writeSparse(sparse: OnnxSparseTensor, writer: PbfWriter): void {
  if (sparse.values !== undefined) writer.writeMessage(1, writeTensor, sparse.values);
  if (sparse.indices !== undefined) writer.writeMessage(2, writeTensor, sparse.indices);
  for (const dimension of sparse.dims) writeInt(writer, 3, dimension);
}

function writeValue(value: OnnxValue, writer: PbfWriter): void {
  writeText(writer, 1, value.name);
  if (value.type.kind !== 'none') writer.writeMessage(2, writeType, value.type);
}

const FIELD_OF_KIND = {
  sequence: 4,
  map: 5,
  opaque: 7,
  'sparse-tensor': 8,
  optional: 9,
} as const;

/** What a type other than a tensor is made of is not kept, so it is written empty. */
function writeType(type: OnnxType, writer: PbfWriter): void {
  if (type.kind === 'tensor') writer.writeMessage(1, writeTensorType, type);
  else if (type.kind !== 'none') {
    writer.writeBytesField(FIELD_OF_KIND[type.kind], new Uint8Array(0));
  }
}

function writeTensorType(type: Extract<OnnxType, { kind: 'tensor' }>, writer: PbfWriter): void {
  if (type.dataType !== 0) writeInt(writer, 1, type.dataType);
  if (type.dims !== undefined) writer.writeMessage(2, writeShape, type.dims);
}

function writeShape(dims: OnnxDimension[], writer: PbfWriter): void {
  for (const dimension of dims) writer.writeMessage(1, writeDimension, dimension);
}

function writeDimension(dimension: OnnxDimension, writer: PbfWriter): void {
  if (typeof dimension === 'number') writeInt(writer, 1, dimension);
  else if (dimension !== '') writeString(writer, 2, dimension);
}
