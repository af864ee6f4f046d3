import { base58 } from '@scure/base';
import { accept, type Result, refuse } from '../values/refusal.ts';

/** Writes bytes as keys are written on the chain: base 58, a zero byte at the front as a 1. */
export const encodeBase58 = (bytes: Uint8Array): string => base58.encode(bytes);

/** The bytes of a text of base 58; refuses any other length than `length`. */
export function decodeBase58(text: string, length: number): Result<Uint8Array> {
  // A byte takes less than 1.4 digits: a longer text is refused before it costs anything.
  if (text.length > length * 1.4 + 1) return wrongLength(length);
  try {
    const bytes = base58.decode(text);
    return bytes.length === length ? accept(bytes) : wrongLength(length);
  } catch {
    return refuse(
      'settlement-malformed',
      'expected base 58: digits and letters without 0, O, I, l',
    );
  }
}

const wrongLength = (length: number) =>
  refuse('settlement-malformed', `expected ${length} bytes in base 58: copy the whole text`);
