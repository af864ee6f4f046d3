/** Bytes [offset, offset + length). `whole` when no usable range was asked for. */
export type ByteRange =
  | { type: 'whole' }
  | { type: 'part'; offset: number; length: number }
  | { type: 'unsatisfiable' };

const WHOLE: ByteRange = { type: 'whole' };

/**
 * A `Range` header against a body of `size` bytes (RFC 9110 §14). A header that is not understood,
 * or names several ranges, is ignored as the RFC allows; one past the end is unsatisfiable.
 */
export function decodeRange(header: string | null, size: number): ByteRange {
  const match = /^bytes=\s*(\d{0,15})-(\d{0,15})\s*$/i.exec(header ?? '');
  if (match === null) return WHOLE;
  const [, first = '', last = ''] = match;
  if (first === '') {
    if (last === '') return WHOLE;
    const length = Math.min(Number(last), size);
    if (length === 0) return { type: 'unsatisfiable' };
    return { type: 'part', offset: size - length, length };
  }
  const offset = Number(first);
  if (last !== '' && Number(last) < offset) return WHOLE;
  if (offset >= size) return { type: 'unsatisfiable' };
  const end = last === '' ? size : Math.min(Number(last) + 1, size);
  return { type: 'part', offset, length: end - offset };
}
