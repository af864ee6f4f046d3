import { bytes, int, ints, list, message, once, text, unless, within } from './codec.ts';
import type { OnnxExternal, OnnxSparseTensor, OnnxStorage, OnnxTensor } from './model.ts';
import {
  fail,
  type PbfWriter,
  readBytes,
  readFields,
  unpackInts,
  type WireReader,
} from './wire.ts';

const STORAGES: readonly [field: number, OnnxStorage][] = [
  [4, 'float'],
  [5, 'int32'],
  [6, 'string'],
  [7, 'int64'],
  [9, 'raw'],
  [10, 'double'],
  [11, 'uint64'],
];
const EXTERNAL = 1;

const count = unless(0, int);
const name = unless('', text);

/** Where the elements are, when they are not in the file, by key: sizes are decimal text. */
const place = message<{ key: string; value: string }>({ 1: ['key', name], 2: ['value', name] });

/** A TensorProto; its elements stay where they are, as views. */
export const tensor = within<OnnxTensor>({ read: readTensor, write: writeTensor });

function readTensor(reader: WireReader): OnnxTensor {
  const data = new Uint8Array(0);
  const made: OnnxTensor = { name: '', dataType: 0, dims: [], storage: 'raw', data };
  let stored = false;
  let external: OnnxExternal | undefined;
  readFields(reader, (field) => {
    const storage = STORAGES.find(([number]) => number === field)?.[1];
    if (storage === 'string') {
      made.storage = storage;
      made.texts = list(bytes).read(reader, made.texts);
    } else if (storage !== undefined) {
      // Two runs of elements would be joined by a runtime: no exporter writes them.
      if (stored) fail(`the elements of tensor ${made.name} come in two pieces`);
      stored = true;
      made.storage = storage;
      made.data = readBytes(reader);
    } else if (field === 1) ints.read(reader, made.dims);
    else if (field === 2) made.dataType = int.read(reader);
    else if (field === 8) made.name = text.read(reader);
    else if (field === 13) {
      const { key, value } = place.read(reader);
      external ??= { location: '' };
      if (key === 'location') external.location = value;
      else if (key === 'offset' || key === 'length') external[key] = readSize(value);
    } else if (field === 14 && int.read(reader) === EXTERNAL) external ??= { location: '' };
  });
  for (const dimension of made.dims) {
    if (!Number.isSafeInteger(dimension) || dimension < 0) {
      fail(`tensor ${made.name} has a dimension of ${dimension}`);
    }
  }
  if (external !== undefined) made.external = external;
  return made;
}

function readSize(text: string): number {
  const size = /^\d+$/.test(text) ? Number(text) : -1;
  if (!Number.isSafeInteger(size) || size < 0) fail(`its data lie at "${text}"`);
  return size;
}

function writeTensor({ storage, external, texts, ...made }: OnnxTensor, writer: PbfWriter): void {
  ints.write(writer, 1, made.dims);
  count.write(writer, 2, made.dataType);
  name.write(writer, 8, made.name);
  const [field = 0] = STORAGES.find((each) => each[1] === storage) ?? [];
  if (storage === 'string') return list(bytes).write(writer, field, texts ?? []);
  if (external === undefined) return writer.writeBytesField(field, made.data);
  for (const [key, value] of Object.entries(external)) {
    place.write(writer, 13, { key, value: String(value) });
  }
  int.write(writer, 14, EXTERNAL);
}

export const sparseTensor = message<OnnxSparseTensor>({
  1: ['values', once('the values of a sparse tensor', tensor)],
  2: ['indices', once('the indices of a sparse tensor', tensor)],
  3: ['dims', { ...ints, empty: () => [] }],
});

const INT64 = 7;
const INT32 = 6;

/**
 * The one integer of a tensor with one int32 or int64 element, or undefined when it is anything
 * else. Rounded to a double beyond 2^53.
 */
export function decodeScalarInt(tensor: OnnxTensor): number | undefined {
  if (tensor.external !== undefined || tensor.dims.some((dimension) => dimension !== 1)) {
    return undefined;
  }
  const { data, dataType, storage } = tensor;
  const width = dataType === INT64 ? 8 : dataType === INT32 ? 4 : 0;
  if (width === 0) return undefined;
  if (storage === 'raw') {
    if (data.length !== width) return undefined;
    const view = new DataView(data.buffer, data.byteOffset, width);
    return width === 8 ? Number(view.getBigInt64(0, true)) : view.getInt32(0, true);
  }
  if (storage !== (width === 8 ? 'int64' : 'int32') || data.length > 10) return undefined;
  const values = unpackInts(data);
  return values.length === 1 ? values[0] : undefined;
}
