import { extname } from 'node:path';
import { SAFETENSORS_HEADER_BYTES_MAX } from '#protocol/tensors/safetensors.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import type { InputFile } from './port.ts';

export type InputFormat = 'safetensors' | 'npy' | 'npz' | 'jsonl' | 'image';

const MAGIC: readonly (readonly [InputFormat, readonly number[]])[] = [
  ['npy', [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]],
  ['npz', [0x50, 0x4b, 0x03, 0x04]],
  ['image', [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]],
  ['image', [0xff, 0xd8, 0xff]],
];
const EXTENSIONS: Readonly<Record<string, InputFormat>> = {
  '.safetensors': 'safetensors',
  '.npy': 'npy',
  '.npz': 'npz',
  '.jsonl': 'jsonl',
  '.ndjson': 'jsonl',
  '.json': 'jsonl',
  '.png': 'image',
  '.jpg': 'image',
  '.jpeg': 'image',
};
const UTF8_MARK = [0xef, 0xbb, 0xbf] as const;

/** What a file holds, by its first bytes; by its name only where they do not tell. */
export function detectFormat({ name, bytes }: InputFile): Result<InputFormat> {
  if (bytes.length === 0) return refuse('input-empty', `${name} is empty; send a file with items`);
  const magic = MAGIC.find(([, start]) => startsWith(bytes, start));
  if (magic !== undefined) return accept(magic[0]);
  if (isSafetensors(bytes)) return accept('safetensors');
  if (isJsonText(bytes)) return accept('jsonl');
  const format = EXTENSIONS[extname(name).toLowerCase()];
  if (format !== undefined) return accept(format);
  return refuse(
    'input-format',
    `${name} is none of safetensors, NPY, NPZ, JSON Lines, PNG or JPEG; convert it to one of them`,
  );
}

const startsWith = (bytes: Uint8Array, start: readonly number[]): boolean =>
  start.every((byte, index) => bytes[index] === byte);

/** The length of a JSON header that fits, and the header's brace. */
function isSafetensors(bytes: Uint8Array): boolean {
  if (bytes.length < 10 || bytes[8] !== 0x7b) return false;
  const length = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  return length <= BigInt(Math.min(SAFETENSORS_HEADER_BYTES_MAX, bytes.length - 8));
}

/** Whether the first character that is not white space starts an object or an array. */
function isJsonText(bytes: Uint8Array): boolean {
  const start = startsWith(bytes, UTF8_MARK) ? UTF8_MARK.length : 0;
  const first = bytes
    .subarray(start, start + 1024)
    .find((byte) => byte !== 0x20 && (byte < 0x09 || byte > 0x0d));
  return first === 0x7b || first === 0x5b;
}
