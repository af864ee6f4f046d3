import { DTYPE_BYTES, DTYPE_NAMES, type Dtype } from '#protocol/tensors/tensor.ts';

/** Our dtype of a runtime's type; undefined for those we do not carry (strings, uint64, …). */
export function dtypeOf(runtimeType: string): Dtype | undefined {
  const found = Object.entries(DTYPE_NAMES).find(([, name]) => name === runtimeType);
  return found?.[0] as Dtype | undefined;
}

/** The typed array the runtime takes for a dtype, over `bytes` without a copy where aligned. */
export function typedView(dtype: Dtype, bytes: Uint8Array<ArrayBuffer>) {
  const size = DTYPE_BYTES[dtype];
  const aligned = bytes.byteOffset % size === 0 ? bytes : bytes.slice();
  const count = aligned.length / size;
  const [buffer, offset] = [aligned.buffer, aligned.byteOffset];
  switch (dtype) {
    case 'f64':
      return new Float64Array(buffer, offset, count);
    case 'f32':
      return new Float32Array(buffer, offset, count);
    case 'f16':
      return new Uint16Array(buffer, offset, count);
    case 'i64':
      return new BigInt64Array(buffer, offset, count);
    case 'i32':
      return new Int32Array(buffer, offset, count);
    case 'i16':
      return new Int16Array(buffer, offset, count);
    case 'i8':
      return new Int8Array(buffer, offset, count);
    case 'u8':
    case 'bool':
      return new Uint8Array(buffer, offset, count);
  }
}
