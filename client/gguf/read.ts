import { accept, fault, PocketgridError, type Result } from '#protocol/values/refusal.ts';
import { Cursor, endsEarly, malformed } from './cursor.ts';
import type { GgufFile, GgufTensor, GgufValue } from './file.ts';
import { FORMATS } from './formats.ts';

/** "GGUF" in little-endian. */
const MAGIC = 0x46554747;
/** Versions with lengths of 64 bits; the third brought big-endian files, which are refused. */
const VERSIONS = [2, 3];
const ALIGNMENT = 32;
const ALIGNMENT_MAX = 65_536;
const DIMENSIONS_MAX = 4;
const ENTRY_BYTES_MIN = 13;
const TENSOR_BYTES_MIN = 32;

/**
 * Reads a GGUF file (docs/gguf.md of ggml-org/ggml), all in little-endian; a text is a u64 length and
 * UTF-8:
 *
 *     | 0..4 "GGUF" | u32 version | u64 tensors | u64 entries |
 *     | entries: text key, u32 type, value; a list is u32 type, u64 count, values |
 *     | tensors: text name, u32 dimensions, u64 sizes, u32 format, u64 place from the data |
 *     | 0s up to `general.alignment` | data |
 *
 * Tensors are views of the file. Refuses with `model-truncated` what ends early, and with
 * `model-format` what is no such file, or holds numbers in a format that is not known here.
 */
export function readGguf(bytes: Uint8Array): Result<GgufFile> {
  try {
    return accept(read(bytes));
  } catch (error) {
    if (error instanceof PocketgridError) return { ok: false, refusal: error.refusal };
    throw error;
  }
}

function read(bytes: Uint8Array): GgufFile {
  const cursor = new Cursor(bytes);
  if (cursor.u32() !== MAGIC) {
    throw fault('model-format', 'The file is no GGUF file. Name one that ends in .gguf.');
  }
  const version = cursor.u32();
  if (!VERSIONS.includes(version)) {
    const message = `The GGUF file has version ${version}, and versions 2 and 3 are read. Convert the model anew.`;
    throw fault('model-format', message);
  }
  const tensorCount = cursor.count('tensors', TENSOR_BYTES_MIN);
  const entryCount = cursor.count('entries', ENTRY_BYTES_MIN);
  const metadata = new Map<string, GgufValue>();
  for (let entry = 0; entry < entryCount; entry += 1) {
    const key = cursor.name();
    if (metadata.has(key)) throw malformed(`says "${key}" twice`);
    metadata.set(key, cursor.value(cursor.u32()));
  }
  const places = Array.from({ length: tensorCount }, () => readPlace(cursor));
  const alignment = alignmentOf(metadata);
  const start = Math.ceil(cursor.at / alignment) * alignment;
  const tensors = new Map<string, GgufTensor>();
  for (const { offset, size, ...tensor } of places) {
    const { name } = tensor;
    if (tensors.has(name)) throw malformed(`has two tensors "${name}"`);
    if (offset % alignment !== 0) throw malformed(`has tensor "${name}" at an odd place`);
    const end = start + offset + size;
    if (end > bytes.length) throw endsEarly(`the end of tensor "${name}"`);
    tensors.set(name, { ...tensor, data: bytes.subarray(start + offset, end) });
  }
  return { metadata, tensors };
}

/** Where a tensor lies, and how many bytes it has. */
type Place = Omit<GgufTensor, 'data'> & { offset: number; size: number };

function readPlace(cursor: Cursor): Place {
  const name = cursor.name();
  const dimensions = cursor.u32();
  if (dimensions < 1 || dimensions > DIMENSIONS_MAX) {
    throw malformed(`gives tensor "${name}" ${dimensions} dimensions`);
  }
  const sizes = Array.from({ length: dimensions }, () => cursor.size());
  const type = cursor.u32();
  const format = FORMATS.get(type);
  if (format === undefined) {
    const known = [...FORMATS.values()].map((each) => each.name).join(', ');
    const message = `Tensor "${name}" has numbers in format ${type} of ggml, and ${known} are read. Take another file of the model, such as one of Q8_0.`;
    throw fault('model-format', message);
  }
  const numbers = sizes.reduce((product, size) => product * size, 1);
  const isWhole = numbers > 0 && (sizes[0] ?? 0) % format.numbers === 0;
  if (!Number.isSafeInteger(numbers) || !isWhole) {
    throw malformed(`gives tensor "${name}" the sizes ${sizes.join(' × ')} of ${format.name}`);
  }
  const size = (numbers / format.numbers) * format.bytes;
  return { name, shape: sizes.reverse(), format, offset: cursor.size(), size };
}

function alignmentOf(metadata: ReadonlyMap<string, GgufValue>): number {
  const alignment = metadata.get('general.alignment') ?? ALIGNMENT;
  const isPower = typeof alignment === 'number' && Number.isInteger(Math.log2(alignment));
  if (!isPower || alignment < 1 || alignment > ALIGNMENT_MAX) {
    throw malformed('has an alignment that is no power of two');
  }
  return alignment;
}
