import { readTextStart } from './text.ts';

/** What a file is: first bytes as Latin-1, then, where the start says too little, more at `at`. */
const MAGIC = [
  ['npy', '\x93NUMPY'],
  ['png', '\x89PNG\r\n\x1a\n'],
  ['jpeg', '\xff\xd8\xff'],
  ['gif', 'GIF87a'],
  ['gif', 'GIF89a'],
  ['webp', 'RIFF', 'WEBP', 8],
  ['tiff', 'II*\0'],
  ['tiff', 'MM\0*'],
  ['tiff', 'II+\0'],
  ['bmp', 'BM', '\0\0\0\0', 6],
  ['jpeg-xl', '\xff\n'],
  ['jpeg-xl', '\0\0\0\x0cJXL '],
  ['jpeg-2000', '\0\0\0\x0cjP  '],
  ['photoshop', '8BPS'],
  ['icon', '\0\0\x01\0'],
  ['exr', 'v/1\x01'],
  ['dicom', '', 'DICM', 128],
  ['fits', 'SIMPLE  ='],
  ['pdf', '%PDF-'],
  ['gzip', '\x1f\x8b'],
  ['zstd', '\x28\xb5\x2f\xfd'],
  ['xz', '\xfd7zXZ\0'],
  ['bzip2', 'BZh'],
  ['7z', '7z\xbc\xaf\x27\x1c'],
  ['rar', 'Rar!\x1a\x07'],
  ['tar', '', 'ustar', 257],
  ['office', '\xd0\xcf\x11\xe0'],
  ['hdf5', '\x89HDF\r\n\x1a\n'],
  ['pickle', '\x80\x02'],
  ['pickle', '\x80\x03'],
  ['pickle', '\x80\x04'],
  ['pickle', '\x80\x05'],
  ['tflite', '', 'TFL3', 4],
  ['ort', '', 'ORTM', 4],
  ['gguf', 'GGUF'],
  ['gguf', 'lmgg'],
  ['gguf', 'tjgg'],
  ['tensorrt', 'ftrt'],
  ['ncnn', '7767517\n'],
  ['parquet', 'PAR1'],
  ['arrow', 'ARROW1'],
  ['arrow', 'FEA1'],
  ['matlab', 'MATLAB 5.0'],
  ['sqlite', 'SQLite format 3\0'],
  ['audio', 'RIFF', 'WAVE', 8],
  ['audio', 'fLaC'],
  ['audio', 'OggS'],
  ['audio', 'ID3'],
  ['audio', '\xff\xfb'],
  ['video', 'RIFF', 'AVI ', 8],
  ['video', '\x1a\x45\xdf\xa3'],
  ['git-lfs', 'version https://git-lfs.github.com/'],
] as const satisfies readonly (readonly [string, string, string?, number?])[];

/** Names in a ZIP archive that tell what it holds. */
const ZIP_ENTRIES = [
  ['npz', '.npy'],
  ['pytorch', '/data.pkl'],
  ['pytorch', '/.format_version'],
  ['keras', 'model.weights.h5'],
  ['keras', 'metadata.json'],
  ['office', '[Content_Types].xml'],
] as const;

/** Brands in the first box of ISO media files; any other is a film. */
const BRANDS = [
  ['avif', 'avif'],
  ['avif', 'avis'],
  ['heic', 'hei'],
  ['heic', 'hev'],
  ['heic', 'mif1'],
  ['heic', 'msf1'],
  ['raw-photo', 'crx '],
] as const;

const XML_ROOTS = [
  ['svg', '<svg'],
  ['html', '<html'],
  ['html', '<!doctype html'],
  ['openvino', '<net '],
] as const;

/** What a file is; `unknown` where its bytes do not tell. */
export type FileKind =
  | (typeof MAGIC | typeof ZIP_ENTRIES | typeof BRANDS | typeof XML_ROOTS)[number][0]
  | 'safetensors'
  | 'onnx'
  | 'tensorflow'
  | 'zip'
  | 'xml'
  | 'json'
  | 'csv'
  | 'text'
  | 'empty'
  | 'unknown';

/** How much of a file tells its kind. */
export const KIND_BYTES = 4096;

/** What a file is by its first `KIND_BYTES`, never by its name; `length` is that of all of it. */
export function detectFileKind(bytes: Uint8Array, length = bytes.length): FileKind {
  if (length === 0) return 'empty';
  const start = bytes.subarray(0, KIND_BYTES);
  const head = Array.from(start, (byte) => String.fromCharCode(byte)).join('');
  const magic = MAGIC.find(
    ([, first, more = '', at = 0]) => head.startsWith(first) && head.startsWith(more, at),
  );
  if (magic !== undefined) return magic[0];
  if (head.startsWith('PK\x03\x04') || head.startsWith('PK\x05\x06')) {
    return ZIP_ENTRIES.find(([, entry]) => head.includes(entry))?.[0] ?? 'zip';
  }
  if (head.startsWith('ftyp', 4)) {
    return BRANDS.find(([, brand]) => head.slice(8, 64).includes(brand))?.[0] ?? 'video';
  }
  if (isSafetensors(start, length)) return 'safetensors';
  const text = readTextStart(start);
  return text === undefined ? detectProtobuf(head) : detectText(text);
}

/** The length of a JSON header that fits, and the header's brace. */
function isSafetensors(start: Uint8Array, length: number): boolean {
  if (start.length < 10 || start[8] !== 0x7b) return false;
  const header = new DataView(start.buffer, start.byteOffset, 8).getBigUint64(0, true);
  return header <= BigInt(length - 8);
}

function detectText(text: string): FileKind {
  const [first = '', second] = text.trim().split(/\r\n|\r|\n/);
  if (first === '') return 'empty';
  if (first.startsWith('<')) {
    const lower = text.toLowerCase();
    return XML_ROOTS.find(([, root]) => lower.includes(root))?.[0] ?? 'xml';
  }
  // Items that are single values are lines of JSON as well.
  if (/^[{[]/.test(first) || isValue(first.trim())) return 'json';
  const cells = first.split(/[,;\t ]+/);
  const table = cells.length > 1 && cells.every(isValue);
  const columns = (line = '') => line.split(/[,;\t]/).length;
  return table || (columns(first) > 1 && columns(first) === columns(second)) ? 'csv' : 'text';
}

/** One number, truth value or quoted text. */
const isValue = (text: string): boolean =>
  /^([+-]?(\d+\.?\d*(e[+-]?\d+)?|nan|inf(inity)?)|true|false|"[^"]*")$/i.test(text);

/**
 * ONNX begins with its IR version and the name of its maker, or another field; a SavedModel of
 * TensorFlow with a number, too, and then a message.
 */
function detectProtobuf(head: string): FileKind {
  const version = head.charCodeAt(1);
  if (head.startsWith('\x08') && version > 0 && version < 32) {
    const maker = head.slice(4, 4 + head.charCodeAt(3));
    const named = head[2] === '\x12' && /^[ -~]*$/.test(maker);
    if (named || ':B"2(\x1a'.includes(head.charAt(2))) return 'onnx';
  }
  return /saved_model|Placeholder|tensorflow/.test(head) ? 'tensorflow' : 'unknown';
}
