import * as v from 'valibot';
import { concatBytes } from '../bytes/digest.ts';
import { decodeJson } from '../values/decode.ts';
import { accept, type Result, refuse } from '../values/refusal.ts';
import { type Dtype, elementCount, specBytes, type Tensor } from './tensor.ts';
import { type StoredDtype, storedBytes, widen } from './widen.ts';

/**
 * The safetensors format (huggingface/safetensors, "Format"): u64 little-endian length of the
 * header, the header as JSON, then the tensors' bytes without holes or overlaps.
 *
 *     | 0..8 n | 8..8+n {"name":{"dtype","shape","data_offsets"},"__metadata__":{…}} | 8+n.. data |
 */
export interface Safetensors {
  /** In the order of their bytes. `data` is a view into the file and may be unaligned. */
  tensors: Map<string, Tensor>;
  metadata: Record<string, string>;
}

/** The format allows 100 MB; ours is far less and still holds some 100,000 tensors. */
export const SAFETENSORS_HEADER_BYTES_MAX = 16 * 1024 * 1024;
const HEAD_BYTES = 8;
const METADATA = '__metadata__';

const NAMES: Record<Dtype, string> = {
  f64: 'F64',
  f32: 'F32',
  f16: 'F16',
  i64: 'I64',
  i32: 'I32',
  i16: 'I16',
  i8: 'I8',
  u8: 'U8',
  bool: 'BOOL',
};
const DTYPES: ReadonlyMap<string, StoredDtype> = new Map([
  ...Object.entries(NAMES).map(([dtype, name]) => [name, dtype as Dtype] as const),
  ['U16', 'u16'],
  ['U32', 'u32'],
  ['U64', 'u64'],
  ['BF16', 'bf16'],
  ['F8_E4M3', 'f8e4m3'],
  ['F8_E5M2', 'f8e5m2'],
]);

/** Widest first, as the reference writer lays them out, so that every tensor starts aligned. */
const ORDER: readonly Dtype[] = ['i64', 'f64', 'f32', 'i32', 'f16', 'i16', 'i8', 'u8', 'bool'];

const whole = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const Entry = v.strictObject({
  dtype: v.string(),
  shape: v.pipe(v.array(whole), v.maxLength(8, 'expected at most 8 dimensions')),
  data_offsets: v.tuple([whole, whole]),
});
const Header = v.record(v.string(), v.unknown());
const Metadata = v.record(v.string(), v.string());

/**
 * Reads a whole file; what units do not carry is widened to what they do. Refuses with `input-format`,
 * or `input-dtype` where nothing of ours holds the numbers.
 */
export function decodeSafetensors(bytes: Uint8Array): Result<Safetensors> {
  const header = decodeHeader(bytes);
  if (!header.ok) return header;
  const { [METADATA]: rawMetadata = {}, ...entries } = header.value.entries;
  const metadata = decodeMetadata(rawMetadata);
  if (!metadata.ok) return metadata;
  const data = bytes.subarray(header.value.dataStart);
  const placed: { name: string; tensor: Tensor; start: number; end: number }[] = [];
  for (const [name, raw] of Object.entries(entries)) {
    const tensor = decodeEntry(name, raw, data);
    if (!tensor.ok) return tensor;
    placed.push({ name, ...tensor.value });
  }
  placed.sort((a, b) => a.start - b.start || a.end - b.end);
  let end = 0;
  for (const next of placed) {
    if (next.start !== end) {
      return malformed(`has a hole or an overlap before tensor ${next.name}`, next.name);
    }
    end = next.end;
  }
  if (end !== data.length) return malformed(`has ${data.length - end} bytes no tensor owns`);
  const tensors = new Map(placed.map(({ name, tensor }) => [name, tensor]));
  return accept({ tensors, metadata: metadata.value });
}

function decodeHeader(
  bytes: Uint8Array,
): Result<{ entries: Record<string, unknown>; dataStart: number }> {
  if (bytes.length < HEAD_BYTES) return malformed('is shorter than its 8-byte length');
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEAD_BYTES);
  const length = view.getBigUint64(0, true);
  if (length > BigInt(SAFETENSORS_HEADER_BYTES_MAX)) {
    return malformed(
      `has a header past ${SAFETENSORS_HEADER_BYTES_MAX} bytes, or is not safetensors`,
    );
  }
  const dataStart = HEAD_BYTES + Number(length);
  if (dataStart > bytes.length) return malformed('ends inside its header');
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(HEAD_BYTES, dataStart));
  } catch {
    return malformed('has a header that is not UTF-8');
  }
  if (!text.startsWith('{')) return malformed('has a header that does not start with {');
  const entries = decodeJson(Header, text, 'input-format');
  return entries.ok ? accept({ entries: entries.value, dataStart }) : entries;
}

function decodeMetadata(raw: unknown): Result<Record<string, string>> {
  const parsed = v.safeParse(Metadata, raw);
  return parsed.success
    ? accept(parsed.output)
    : malformed('has metadata that is not text', METADATA);
}

function decodeEntry(
  name: string,
  raw: unknown,
  data: Uint8Array,
): Result<{ tensor: Tensor; start: number; end: number }> {
  const entry = v.safeParse(Entry, raw, { abortEarly: true });
  if (!entry.success) {
    return malformed(`describes tensor ${name} wrongly (${entry.issues[0].message})`, name);
  }
  const { dtype: dtypeName, shape, data_offsets } = entry.output;
  const dtype = DTYPES.get(dtypeName);
  if (dtype === undefined) {
    const known = [...DTYPES.keys()].join(', ');
    const message = `tensor ${name} is ${dtypeName}; convert it to one of ${known} before saving`;
    return refuse('input-dtype', message, name);
  }
  const [start, end] = data_offsets;
  if (end > data.length) return malformed(`ends inside tensor ${name}`, name);
  if (end - start !== elementCount(shape) * storedBytes(dtype)) {
    return malformed(`gives tensor ${name} ${end - start} bytes for shape [${shape}]`, name);
  }
  const own = widen(dtype, data.subarray(start, end));
  if (own.ok) return accept({ tensor: { ...own.value, shape }, start, end });
  return refuse(own.refusal.code, `tensor ${name}: ${own.refusal.message}`, name);
}

const malformed = (what: string, path?: string): Result<never> =>
  refuse('input-format', `the safetensors file ${what}; save it again`, path);

/** A tensor of a file, without its bytes. */
type NamedSpec = readonly [name: string, spec: Pick<Tensor, 'dtype' | 'shape'>];

/** Tensors in the order of a file's data: dtypes widest first, then names. */
export const orderTensors = <T extends NamedSpec>(tensors: Iterable<T>): T[] =>
  [...tensors].sort(
    ([nameA, a], [nameB, b]) =>
      ORDER.indexOf(a.dtype) - ORDER.indexOf(b.dtype) || (nameA < nameB ? -1 : 1),
  );

/**
 * The start of a file, byte for byte as the reference writer makes it: what follows are the bytes of
 * the tensors end to end, in the order of `orderTensors`. The header is filled up with spaces to 8
 * bytes.
 */
export function encodeSafetensorsHead(
  tensors: Iterable<NamedSpec>,
  metadata?: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  // Text by hand: an object would move names such as "0" to the front.
  const entries = metadata === undefined ? [] : [`"${METADATA}":${JSON.stringify(metadata)}`];
  let length = 0;
  for (const [name, { dtype, shape }] of orderTensors(tensors)) {
    if (name === METADATA) throw new RangeError(`a tensor is called ${name}`);
    const end = length + specBytes({ dtype, shape });
    entries.push(
      `${JSON.stringify(name)}:{"dtype":"${NAMES[dtype]}","shape":[${shape}],"data_offsets":[${length},${end}]}`,
    );
    length = end;
  }
  const text = new TextEncoder().encode(`{${entries.join(',')}}`);
  const headerBytes = Math.ceil(text.length / HEAD_BYTES) * HEAD_BYTES;
  const head = new Uint8Array(HEAD_BYTES + headerBytes).fill(0x20);
  new DataView(head.buffer).setBigUint64(0, BigInt(headerBytes), true);
  head.set(text, HEAD_BYTES);
  return head;
}

/** Writes a file. RangeError when a tensor's bytes do not fit its shape. */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, Tensor> | Readonly<Record<string, Tensor>>,
  metadata?: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  const named: (readonly [string, Tensor])[] =
    tensors instanceof Map ? [...tensors] : Object.entries(tensors);
  for (const [name, { dtype, shape, data }] of named) {
    if (data.length !== specBytes({ dtype, shape })) {
      throw new RangeError(`tensor ${name}: ${data.length} bytes, shape [${shape}], ${dtype}`);
    }
  }
  const head = encodeSafetensorsHead(named, metadata);
  return concatBytes(head, ...orderTensors(named).map(([, { data }]) => data));
}
