import type { TensorSpec } from '#protocol/tensors/tensor.ts';

/**
 * Names of an ONNX model's free dimensions and the sizes they take under `inputs`, for ORT's
 * `freeDimensionOverrides`. Walks only graph.input of the protobuf (onnx.proto: ModelProto.graph = 7,
 * GraphProto.input = 11, ValueInfoProto {name 1, type 2}, TypeProto.tensor_type = 1, shape = 2,
 * dim = 1, dim_param = 2) and skips the weights, so it costs microseconds. A model that cannot be
 * walked yields none: the runtime then says what is wrong with it.
 */
export function freeDimensions(
  model: Uint8Array,
  inputs: readonly TensorSpec[],
): Record<string, number> {
  const found: Record<string, number> = {};
  try {
    const graph = fields(model).find(({ number }) => number === 7)?.bytes;
    if (graph === undefined) return found;
    for (const input of fields(graph).filter(({ number }) => number === 11)) {
      const name = text(child(input.bytes, 1));
      const spec = inputs.find((candidate) => candidate.name === name);
      const shape = child(child(child(input.bytes, 2), 1), 2);
      const dims = fields(shape).filter(({ number }) => number === 1);
      for (const [axis, dim] of dims.entries()) {
        const parameter = text(child(dim.bytes, 2));
        const size = spec?.shape[axis];
        if (parameter !== '' && size !== undefined) found[parameter] = size;
      }
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return found;
}

const EMPTY = new Uint8Array(0);
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const child = (bytes: Uint8Array, number: number) =>
  fields(bytes).find((field) => field.number === number)?.bytes ?? EMPTY;

/** Length-delimited fields of one message, in order; other wire types are stepped over. */
function fields(bytes: Uint8Array): { number: number; bytes: Uint8Array }[] {
  const found: { number: number; bytes: Uint8Array }[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = bytes[at++];
      if (byte === undefined) throw new RangeError('protobuf ends inside a number');
      value += (byte & 0x7f) * shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const wire = tag & 7;
    if (wire === 0) varint();
    else if (wire === 1) at += 8;
    else if (wire === 5) at += 4;
    else if (wire === 2) {
      const length = varint();
      if (at + length > bytes.length) throw new RangeError('protobuf ends inside a field');
      found.push({ number: Math.floor(tag / 8), bytes: bytes.subarray(at, at + length) });
      at += length;
    } else throw new RangeError('protobuf with an unknown wire type');
  }
  return found;
}
