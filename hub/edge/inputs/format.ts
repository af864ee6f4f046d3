import { detectFileKind, type FileKind } from '#protocol/files/file-kind.ts';
import { describeForeign, INPUT_KINDS } from '#protocol/files/foreign.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import type { InputFile } from './port.ts';

export type InputFormat = 'safetensors' | 'npy' | 'npz' | 'jsonl' | 'image';

const FORMATS: { readonly [kind in FileKind]?: InputFormat } = {
  safetensors: 'safetensors',
  npy: 'npy',
  npz: 'npz',
  json: 'jsonl',
};

/** What a file holds, by its bytes; its name is never asked. Names what cannot be taken. */
export function detectFormat({ name, bytes }: InputFile): Result<InputFormat> {
  const kind = detectFileKind(bytes);
  if (INPUT_KINDS.has(kind)) return accept(FORMATS[kind] ?? 'image');
  const code = kind === 'empty' ? 'input-empty' : 'input-format';
  return refuse(code, `${name} ${describeForeign(kind, 'inputs')}`, name);
}
