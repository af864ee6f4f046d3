import { readFile, writeFile } from 'node:fs/promises';
import type { InputFile } from './port.ts';

/** Uploaded files end to end in one file on disk, in the order they were sent. */
export interface Spool {
  path: string;
  entries: { name: string; length: number }[];
}

/** Reads the files of a spool, each a view into all of it. */
export async function readSpool({ path, entries }: Spool): Promise<InputFile[]> {
  // Nothing was sent: then there need be no file.
  if (entries.length === 0) return [];
  const all = await readFile(path);
  let at = 0;
  return entries.map(({ name, length }) => {
    const bytes = all.subarray(at, at + length);
    at += length;
    return { name, bytes };
  });
}

/** Writes texts, or objects with them, down, a line of JSON each. */
export async function spoolTexts(path: string, texts: readonly unknown[]): Promise<Spool> {
  const lines = texts.map((each) => `${JSON.stringify(each)}\n`);
  return spoolLines(path, new TextEncoder().encode(lines.join('')));
}

/** Writes down lines of JSON, a text each. */
export async function spoolLines(path: string, bytes: Uint8Array): Promise<Spool> {
  await writeFile(path, bytes);
  return { path, entries: [{ name: 'texts.jsonl', length: bytes.length }] };
}
