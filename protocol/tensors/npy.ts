import { concatBytes } from '../bytes/digest.ts';
import { accept, type Result, refuse } from '../values/refusal.ts';
import { DTYPE_BYTES, type Dtype, elementCount, specBytes, type Tensor } from './tensor.ts';
import { type StoredDtype, storedBytes, widen } from './widen.ts';

/**
 * NumPy's NPY format (numpy.lib.format), versions 1.0, 2.0 and 3.0: the length of the header is u16
 * in 1.0 and u32 after, the header is a Python literal, text in Latin-1 and from 3.0 on UTF-8.
 *
 *     | 0..6 \x93NUMPY | 6 major | 7 minor | 8.. length | {'descr','fortran_order','shape'} \n | data |
 */
const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59] as const;
const ALIGNMENT = 64;
const HEADER_BYTES_MAX = 64 * 1024;

const DESCRIPTORS: Record<Dtype, string> = {
  f64: '<f8',
  f32: '<f4',
  f16: '<f2',
  i64: '<i8',
  i32: '<i4',
  i16: '<i2',
  i8: '|i1',
  u8: '|u1',
  bool: '|b1',
};
/** By kind and width; other writers put any byte order before a single byte, or `?` for truth. */
const DTYPES: ReadonlyMap<string, StoredDtype> = new Map([
  ...Object.entries(DESCRIPTORS).map(([dtype, name]) => [name.slice(1), dtype as Dtype] as const),
  ['?', 'bool'],
  ['u2', 'u16'],
  ['u4', 'u32'],
  ['u8', 'u64'],
]);

/**
 * Reads one array. What is big-endian or unsigned becomes the dtype of ours that holds it. `data` is
 * a view into the file where nothing had to be changed, else a copy.
 */
export function decodeNpy(bytes: Uint8Array): Result<Tensor> {
  const header = readHeader(bytes);
  if (!header.ok) return header;
  const { text, dataStart } = header.value;
  const descr = /['"]descr['"]\s*:\s*['"]([^'"]{1,40})['"]/.exec(text)?.[1];
  const dtype = DTYPES.get((descr ?? '').replace(/^[<>=|]/, ''));
  if (descr === undefined || dtype === undefined) return wrongDtype(descr, text);
  const fortran = /['"]fortran_order['"]\s*:\s*(True|False)/.exec(text)?.[1];
  // Python 2 wrote sizes as 3L.
  const dimensions = /['"]shape['"]\s*:\s*\(([0-9L, ]*)\)/.exec(text)?.[1];
  if (fortran === undefined || dimensions === undefined) {
    return malformed('has a header without fortran_order or shape');
  }
  const shape = dimensions
    .replaceAll('L', '')
    .split(',')
    .filter((part) => part.trim() !== '')
    .map(Number);
  if (shape.length > 8)
    return refuse('input-shape', 'an array has at most 8 dimensions; reshape it');
  const stored = bytes.subarray(dataStart);
  const width = storedBytes(dtype);
  const expected = elementCount(shape) * width;
  if (!Number.isSafeInteger(expected) || stored.length !== expected) {
    return wrongLength(stored, expected, shape);
  }
  const little = descr.startsWith('>') ? swapBytes(stored, width) : stored;
  const own = widen(dtype, little);
  if (!own.ok) return own;
  const tensor = { ...own.value, shape };
  return accept(fortran === 'True' && shape.length > 1 ? toRowMajor(tensor) : tensor);
}

function swapBytes(data: Uint8Array, width: number): Uint8Array {
  const swapped = new Uint8Array(data.length);
  for (let start = 0; start < data.length; start += width) {
    for (let byte = 0; byte < width; byte += 1) {
      swapped[start + byte] = data[start + width - 1 - byte] as number;
    }
  }
  return swapped;
}

function readHeader(bytes: Uint8Array): Result<{ text: string; dataStart: number }> {
  if (bytes.length < 12 || MAGIC.some((byte, index) => bytes[index] !== byte)) {
    return malformed('does not start with \\x93NUMPY');
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const major = view.getUint8(6);
  if (major < 1 || major > 3) return malformed(`has version ${major}; 1.0, 2.0 and 3.0 are known`);
  const textStart = major === 1 ? 10 : 12;
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > HEADER_BYTES_MAX) return malformed(`has a header past ${HEADER_BYTES_MAX} bytes`);
  const dataStart = textStart + length;
  if (dataStart > bytes.length) return malformed('ends inside its header');
  // Every header we accept is ASCII, so the encodings of the three versions do not differ here.
  const text = String.fromCharCode(
    ...bytes.subarray(textStart, Math.min(dataStart, textStart + 4096)),
  );
  return accept({ text, dataStart });
}

const malformed = (what: string): Result<never> =>
  refuse('input-format', `the NPY file ${what}; save it again with numpy.save`);

function wrongLength(stored: Uint8Array, expected: number, shape: readonly number[]) {
  if (MAGIC.every((byte, index) => stored[expected + index] === byte)) {
    return malformed('holds several arrays one after another; give each a file of its own');
  }
  const cut = stored.length < expected ? ', so it was cut off' : '';
  return malformed(
    `has ${stored.length} bytes of data where shape [${shape}] wants ${expected}${cut}`,
  );
}

/** What an array of no numbers is, by the letter of its dtype, and what to do. */
const KINDS: Readonly<Record<string, string>> = {
  O: 'Python objects, mostly rows of several lengths; pad them to one length, then numpy.stack(x)',
  U: 'text; make numbers of it first, in a tokenizer or with x.astype("float32")',
  S: 'text; make numbers of it first, in a tokenizer or with x.astype("float32")',
  M: 'dates; save them as numbers: x.astype("int64")',
  m: 'spans of time; save them as numbers: x.astype("int64")',
  c: 'complex numbers; save x.real and x.imag',
};

function wrongDtype(descr: string | undefined, header: string): Result<never> {
  const no = (what: string) => refuse('input-dtype', `the NPY array is ${what}`, 'descr');
  if (descr === undefined) {
    const fields = [...header.matchAll(/\(\s*['"]([^'"]+)['"]\s*,/g)].map(([, name]) => name);
    return no(
      `structured, with the fields ${fields.join(', ')}; save each as an array: numpy.save("${fields[0]}.npy", x["${fields[0]}"])`,
    );
  }
  const kind = KINDS[descr.replace(/^[<>=|]/, '').charAt(0)];
  const known = Object.values(DESCRIPTORS).join(', ');
  return no(
    `${descr}${kind === undefined ? `; convert it with .astype() to one of ${known}` : `: ${kind}`}`,
  );
}

/** Column-major to row-major: the first index runs fastest in `source`, the last in the answer. */
function toRowMajor({ dtype, shape, data: source }: Tensor): Tensor {
  const width = DTYPE_BYTES[dtype];
  const data = new Uint8Array(source.length);
  const strides = shape.map((_, axis) => elementCount(shape.slice(0, axis)));
  const index = shape.map(() => 0);
  const count = elementCount(shape);
  let from = 0;
  for (let to = 0; to < count; to += 1) {
    for (let byte = 0; byte < width; byte += 1) {
      data[to * width + byte] = source[from * width + byte] as number;
    }
    for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
      const stride = strides[axis] as number;
      const next = (index[axis] as number) + 1;
      from += stride;
      index[axis] = next;
      if (next < (shape[axis] as number)) break;
      from -= stride * next;
      index[axis] = 0;
    }
  }
  return { dtype, shape, data };
}

/** The start of a file of version 1.0 as numpy.save makes it; the array's bytes follow. */
export function encodeNpyHead({
  dtype,
  shape,
}: Pick<Tensor, 'dtype' | 'shape'>): Uint8Array<ArrayBuffer> {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const literal = `{'descr': '${DESCRIPTORS[dtype]}', 'fortran_order': False, 'shape': ${tuple}, }`;
  // numpy leaves room for the first dimension to grow to 21 digits in place.
  const growth = shape.length === 0 ? 0 : Math.max(0, 21 - String(shape[0]).length);
  const text = literal + ' '.repeat(growth);
  const total = Math.ceil((10 + text.length + 1) / ALIGNMENT) * ALIGNMENT;
  const head = new Uint8Array(total).fill(0x20);
  head.set([...MAGIC, 1, 0]);
  new DataView(head.buffer).setUint16(8, total - 10, true);
  head.set(new TextEncoder().encode(text), 10);
  head[total - 1] = 0x0a;
  return head;
}

/** Writes one array. RangeError when bytes do not fit the shape. */
export function encodeNpy({ dtype, shape, data }: Tensor): Uint8Array<ArrayBuffer> {
  if (data.length !== specBytes({ dtype, shape })) {
    throw new RangeError(`${data.length} bytes do not fit shape [${shape}] of ${dtype}`);
  }
  return concatBytes(encodeNpyHead({ dtype, shape }), data);
}
