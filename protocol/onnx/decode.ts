import { accept, PocketgridError, type Result, refuse } from '../values/refusal.ts';
import { readSparseTensor, readTensor } from './decode-tensor.ts';
import type {
  OnnxAttribute,
  OnnxDimension,
  OnnxFunction,
  OnnxGraph,
  OnnxModel,
  OnnxNode,
  OnnxOpset,
  OnnxType,
  OnnxValue,
} from './model.ts';
import {
  fail,
  openWire,
  readBytes,
  readFields,
  readFloat,
  readFloats,
  readInt,
  readInts,
  readMessage,
  readText,
  type WireReader,
} from './wire.ts';

/**
 * Decodes an ONNX file. Tensor data are views of `bytes`: nothing is copied. Any bytes at all give
 * a model or a refusal (`model-truncated`, `model-too-big`), never an exception.
 *
 * Stricter than protocol buffers in one way: a part that must come once and comes twice is refused,
 * because a runtime would merge the two and run something else than what we checked.
 */
export function decodeOnnx(bytes: Uint8Array): Result<OnnxModel> {
  try {
    return accept(readModel(openWire(bytes)));
  } catch (cause) {
    if (cause instanceof PocketgridError) return { ok: false, refusal: cause.refusal };
    return refuse(
      'model-truncated',
      'This is not an ONNX model, or it was cut off on the way. Upload the complete .onnx file.',
    );
  }
}

/** Reads one part that may come only once. */
function once<T>(seen: T | undefined, what: string, read: () => T): T {
  if (seen !== undefined) fail(`${what} comes twice`);
  return read();
}

function readModel(reader: WireReader): OnnxModel {
  let graph: OnnxGraph | undefined;
  const model = { irVersion: 0, producerName: '' };
  const opsetImports: OnnxOpset[] = [];
  const functions: OnnxFunction[] = [];
  readFields(reader, (field) => {
    if (field === 1) model.irVersion = readInt(reader);
    else if (field === 2) model.producerName = readText(reader);
    else if (field === 7) graph = once(graph, 'the graph', () => readMessage(reader, readGraph));
    else if (field === 8) opsetImports.push(readMessage(reader, readOpset));
    else if (field === 25) functions.push(readMessage(reader, readFunction));
  });
  if (graph === undefined) return fail('it has no graph');
  if (opsetImports.length === 0) return fail('it names no opset, so it seems cut off');
  return { ...model, opsetImports, graph, functions };
}

function readOpset(reader: WireReader): OnnxOpset {
  const opset: OnnxOpset = { domain: '', version: 0 };
  readFields(reader, (field) => {
    if (field === 1) opset.domain = readText(reader);
    else if (field === 2) opset.version = readInt(reader);
  });
  return opset;
}

function readFunction(reader: WireReader): OnnxFunction {
  const body: OnnxFunction = { name: '', domain: '', nodes: [] };
  readFields(reader, (field) => {
    if (field === 1) body.name = readText(reader);
    else if (field === 7) body.nodes.push(readMessage(reader, readNode));
    else if (field === 10) body.domain = readText(reader);
  });
  return body;
}

function readGraph(reader: WireReader): OnnxGraph {
  const graph: OnnxGraph = {
    name: '',
    nodes: [],
    initializers: [],
    sparseInitializers: [],
    inputs: [],
    outputs: [],
  };
  readFields(reader, (field) => {
    if (field === 1) graph.nodes.push(readMessage(reader, readNode));
    else if (field === 2) graph.name = readText(reader);
    else if (field === 5) graph.initializers.push(readMessage(reader, readTensor));
    else if (field === 11) graph.inputs.push(readMessage(reader, readValue));
    else if (field === 12) graph.outputs.push(readMessage(reader, readValue));
    else if (field === 15) graph.sparseInitializers.push(readMessage(reader, readSparseTensor));
  });
  return graph;
}

function readNode(reader: WireReader): OnnxNode {
  const node: OnnxNode = {
    name: '',
    opType: '',
    domain: '',
    inputs: [],
    outputs: [],
    attributes: [],
  };
  readFields(reader, (field) => {
    if (field === 1) node.inputs.push(readText(reader));
    else if (field === 2) node.outputs.push(readText(reader));
    else if (field === 3) node.name = readText(reader);
    else if (field === 4) node.opType = readText(reader);
    else if (field === 5) node.attributes.push(readMessage(reader, readAttribute));
    else if (field === 7) node.domain = readText(reader);
  });
  return node;
}

function readAttribute(reader: WireReader): OnnxAttribute {
  const attribute: OnnxAttribute = { name: '', type: 0 };
  readFields(reader, (field) => {
    if (field === 1) attribute.name = readText(reader);
    else if (field === 20) attribute.type = readInt(reader);
    else if (field === 21) attribute.reference = readText(reader);
    else if (field === 2) attribute.float = readFloat(reader);
    else if (field === 3) attribute.int = readInt(reader);
    else if (field === 4) attribute.string = readBytes(reader);
    else if (field === 7) attribute.floats = readFloats(reader, attribute.floats);
    else if (field === 8) attribute.ints = readInts(reader, attribute.ints);
    else if (field === 9) attribute.strings = append(attribute.strings, readBytes(reader));
    else readNested(reader, attribute, field);
  });
  return attribute;
}

function readNested(reader: WireReader, attribute: OnnxAttribute, field: number): void {
  const { tensor, graph, sparseTensor, name } = attribute;
  const what = `the value of attribute ${name}`;
  if (field === 5) {
    attribute.tensor = once(tensor, what, () => readMessage(reader, readTensor));
  } else if (field === 6) {
    attribute.graph = once(graph, what, () => readMessage(reader, readGraph));
  } else if (field === 22) {
    attribute.sparseTensor = once(sparseTensor, what, () => readMessage(reader, readSparseTensor));
  } else if (field === 10) {
    attribute.tensors = append(attribute.tensors, readMessage(reader, readTensor));
  } else if (field === 11) {
    attribute.graphs = append(attribute.graphs, readMessage(reader, readGraph));
  } else if (field === 23) {
    const sparse = readMessage(reader, readSparseTensor);
    attribute.sparseTensors = append(attribute.sparseTensors, sparse);
  }
}

/** Appends in place; the list is made with its first item. */
function append<T>(list: T[] | undefined, item: T): T[] {
  if (list === undefined) return [item];
  list.push(item);
  return list;
}

function readValue(reader: WireReader): OnnxValue {
  let name = '';
  let type: OnnxType | undefined;
  readFields(reader, (field) => {
    if (field === 1) name = readText(reader);
    else if (field === 2) type = once(type, 'a type', () => readMessage(reader, readType));
  });
  return { name, type: type ?? { kind: 'none' } };
}

const OTHER_KINDS = {
  4: 'sequence',
  5: 'map',
  7: 'opaque',
  8: 'sparse-tensor',
  9: 'optional',
} as const;

function readType(reader: WireReader): OnnxType {
  let type: OnnxType | undefined;
  readFields(reader, (field) => {
    if (field === 1) {
      type = once(type, 'a type', () => readMessage(reader, readTensorType));
    } else if (field in OTHER_KINDS) {
      const kind = OTHER_KINDS[field as keyof typeof OTHER_KINDS];
      type = once(type, 'a type', () => ({ kind }));
    }
  });
  return type ?? { kind: 'none' };
}

function readTensorType(reader: WireReader): OnnxType {
  let dataType = 0;
  let dims: OnnxDimension[] | undefined;
  readFields(reader, (field) => {
    if (field === 1) dataType = readInt(reader);
    else if (field === 2) dims = once(dims, 'a shape', () => readMessage(reader, readShape));
  });
  return { kind: 'tensor', dataType, ...(dims === undefined ? {} : { dims }) };
}

function readShape(reader: WireReader): OnnxDimension[] {
  const dims: OnnxDimension[] = [];
  readFields(reader, (field) => {
    if (field === 1) dims.push(readMessage(reader, readDimension));
  });
  return dims;
}

/** The last of the two fields counts, as in any protocol buffer `oneof`. */
function readDimension(reader: WireReader): OnnxDimension {
  let dimension: OnnxDimension = '';
  readFields(reader, (field) => {
    if (field === 1) dimension = readInt(reader);
    else if (field === 2) dimension = readText(reader);
  });
  return dimension;
}
