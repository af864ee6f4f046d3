import { accept, type Result, refuse } from './refusal.ts';

/** How keys are written on the chain: base 58, without 0, O, I and l. A zero byte at the front is a 1. */
const DIGITS = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

export function encodeBase58(bytes: Uint8Array): string {
  let rest = bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  let text = '';
  for (; rest > 0n; rest /= 58n) text = DIGITS.charAt(Number(rest % 58n)) + text;
  const zeros = bytes.findIndex((byte) => byte !== 0);
  return '1'.repeat(zeros < 0 ? bytes.length : zeros) + text;
}

/** The bytes of a text of base 58; refuses any other length than `length`. */
export function decodeBase58(text: string, length: number): Result<Uint8Array> {
  const bytes = new Uint8Array(length);
  let rest = 0n;
  // A byte takes at most 1.4 digits.
  if (text.length > length * 1.5) return tooLong(length);
  for (const character of text) {
    const digit = DIGITS.indexOf(character);
    if (digit < 0) {
      return refuse('settlement-malformed', `expected base 58; ${character} is no digit of it`);
    }
    rest = rest * 58n + BigInt(digit);
  }
  for (let at = length - 1; at >= 0; at -= 1, rest >>= 8n) bytes[at] = Number(rest & 0xffn);
  return rest === 0n && encodeBase58(bytes) === text ? accept(bytes) : tooLong(length);
}

const tooLong = (length: number) =>
  refuse('settlement-malformed', `expected ${length} bytes in base 58: copy the whole text`);
