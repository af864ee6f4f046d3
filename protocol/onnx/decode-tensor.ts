import type { OnnxSparseTensor, OnnxStorage, OnnxTensor } from './model.ts';
import {
  fail,
  readBytes,
  readFields,
  readInt,
  readInts,
  readMessage,
  readText,
  unpackInts,
  type WireReader,
} from './wire.ts';

const STORAGE_OF_FIELD: Readonly<Record<number, OnnxStorage>> = {
  4: 'float',
  5: 'int32',
  7: 'int64',
  9: 'raw',
  10: 'double',
  11: 'uint64',
};

const EXTERNAL = 1;

/** Reads a TensorProto; its elements stay where they are, as a view. */
export function readTensor(reader: WireReader): OnnxTensor {
  const tensor: OnnxTensor = {
    name: '',
    dataType: 0,
    dims: [],
    storage: 'raw',
    data: new Uint8Array(0),
  };
  let stored = false;
  let location: string | undefined;
  readFields(reader, (field) => {
    const storage = STORAGE_OF_FIELD[field];
    if (storage !== undefined) {
      // Two runs of elements would be joined by a runtime: no exporter writes them.
      if (stored) fail(`the elements of tensor ${tensor.name} come in two pieces`);
      stored = true;
      tensor.storage = storage;
      tensor.data = readBytes(reader);
    } else if (field === 6) {
      tensor.storage = 'string';
      readBytes(reader);
    } else if (field === 1) readInts(reader, tensor.dims);
    else if (field === 2) tensor.dataType = readInt(reader);
    else if (field === 8) tensor.name = readText(reader);
    else if (field === 13) location = readMessage(reader, readLocation) ?? location ?? '';
    else if (field === 14 && readInt(reader) === EXTERNAL) location ??= '';
  });
  for (const dimension of tensor.dims) {
    if (!Number.isSafeInteger(dimension) || dimension < 0) {
      fail(`tensor ${tensor.name} has a dimension of ${dimension}`);
    }
  }
  if (location !== undefined) tensor.external = { location };
  return tensor;
}

/** The value of an external data entry that has the key `location`. */
function readLocation(reader: WireReader): string | undefined {
  let key = '';
  let value = '';
  readFields(reader, (field) => {
    if (field === 1) key = readText(reader);
    else if (field === 2) value = readText(reader);
  });
  return key === 'location' ? value : undefined;
}

export function readSparseTensor(reader: WireReader): OnnxSparseTensor {
  const sparse: OnnxSparseTensor = { dims: [] };
  readFields(reader, (field) => {
    if (field === 1) {
      if (sparse.values !== undefined) fail('a sparse tensor has its values twice');
      sparse.values = readMessage(reader, readTensor);
    } else if (field === 2) {
      if (sparse.indices !== undefined) fail('a sparse tensor has its indices twice');
      sparse.indices = readMessage(reader, readTensor);
    } else if (field === 3) readInts(reader, sparse.dims);
  });
  return sparse;
}

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
