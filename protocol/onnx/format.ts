import {
  bodyOf,
  bytes,
  type Codec,
  float,
  floats,
  int,
  ints,
  later,
  list,
  maybe,
  message,
  once,
  text,
  unless,
  within,
} from './codec.ts';
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
import { sparseTensor, tensor } from './tensor.ts';
import { fail, readFields } from './wire.ts';

/** The messages of onnx.proto, by the numbers of the fields that we read and write. */
const name = unless('', text);
const number = unless(0, int);

/** The last of the two fields counts, as in any protocol buffer `oneof`. */
const dimension = within<OnnxDimension>({
  read(reader) {
    let found: OnnxDimension = '';
    readFields(reader, (field) => {
      if (field === 1) found = int.read(reader);
      else if (field === 2) found = text.read(reader);
    });
    return found;
  },
  write(value, writer) {
    if (typeof value === 'number') int.write(writer, 1, value);
    else name.write(writer, 2, value);
  },
});

const shape = bodyOf<{ dims: OnnxDimension[] }>({ 1: ['dims', list(dimension)] });
const dims = within<OnnxDimension[]>({
  read: (reader) => shape.read(reader).dims,
  write: (value, writer) => shape.write({ dims: value }, writer),
});
const tensorType = message<{ dataType: number; dims?: OnnxDimension[] }>({
  1: ['dataType', number],
  2: ['dims', once('a shape', dims)],
});

/** What a type other than a tensor is made of is not kept, so it is written empty. */
const OTHER_KINDS = [
  [4, 'sequence'],
  [5, 'map'],
  [7, 'opaque'],
  [8, 'sparse-tensor'],
  [9, 'optional'],
] as const;

const type = within<OnnxType>({
  read(reader) {
    const found: OnnxType[] = [];
    readFields(reader, (field) => {
      const other = OTHER_KINDS.find(([number]) => number === field);
      if (field === 1) found.push({ kind: 'tensor', ...tensorType.read(reader) });
      else if (other !== undefined) found.push({ kind: other[1] });
      if (found.length > 1) fail('a type comes twice');
    });
    return found[0] ?? { kind: 'none' };
  },
  write(value, writer) {
    if (value.kind === 'tensor') return tensorType.write(writer, 1, value);
    const other = OTHER_KINDS.find(([, kind]) => kind === value.kind);
    if (other !== undefined) writer.writeBytesField(other[0], new Uint8Array(0));
  },
});

const typed = bodyOf<{ name: string; type?: OnnxType }>({
  1: ['name', name],
  2: ['type', once('a type', type)],
});
const value = within<OnnxValue>({
  read(reader) {
    const found = typed.read(reader);
    return { name: found.name, type: found.type ?? { kind: 'none' } };
  },
  write: (found, writer) =>
    typed.write(found.type.kind === 'none' ? { name: found.name } : found, writer),
});

const VALUE = 'the value of an attribute';
const inner = later(() => graph);
const attribute = message<OnnxAttribute>({
  1: ['name', name],
  2: ['float', float],
  3: ['int', int],
  4: ['string', bytes],
  5: ['tensor', once(VALUE, tensor)],
  6: ['graph', once(VALUE, inner)],
  7: ['floats', floats],
  8: ['ints', ints],
  9: ['strings', maybe(list(bytes))],
  10: ['tensors', maybe(list(tensor))],
  11: ['graphs', maybe(list(inner))],
  20: ['type', number],
  21: ['reference', text],
  22: ['sparseTensor', once(VALUE, sparseTensor)],
  23: ['sparseTensors', maybe(list(sparseTensor))],
});

const node = message<OnnxNode>({
  // An input left out keeps its place, so empty names are written too.
  1: ['inputs', list(text)],
  2: ['outputs', list(text)],
  3: ['name', name],
  4: ['opType', name],
  5: ['attributes', list(attribute)],
  7: ['domain', name],
});

const graph: Codec<OnnxGraph> = message<OnnxGraph>({
  1: ['nodes', list(node)],
  2: ['name', name],
  5: ['initializers', list(tensor)],
  11: ['inputs', list(value)],
  12: ['outputs', list(value)],
  15: ['sparseInitializers', list(sparseTensor)],
});

const opset = message<OnnxOpset>({ 1: ['domain', name], 2: ['version', number] });
const body = message<OnnxFunction>({
  1: ['name', name],
  7: ['nodes', list(node)],
  10: ['domain', name],
});

/** A ModelProto, which may lack its graph. */
export const model = bodyOf<Omit<OnnxModel, 'graph'> & { graph?: OnnxGraph }>({
  1: ['irVersion', number],
  2: ['producerName', name],
  7: ['graph', once('the graph', graph)],
  8: ['opsetImports', list(opset)],
  25: ['functions', list(body)],
});

/** The inputs of a model's graph: all else is skipped, the weights too. */
export const inputsOnly = bodyOf<{ graph?: { inputs: OnnxValue[] } }>({
  7: ['graph', message<{ inputs: OnnxValue[] }>({ 11: ['inputs', list(value)] })],
});
