/** Bytes that are written one value after the other. */
export interface ByteWriter {
  /** A whole number from 0 to 2^53 − 1: seven bits a byte, the lowest first. */
  uint(value: number): void;
  float(value: number): void;
  text(value: string, encoding: 'hex' | 'base64' | 'utf8'): void;
  bytes(value: Uint8Array): void;
  /** How many bytes were written. */
  length(): number;
  /** A copy of what was written. */
  take(): Buffer;
}

/** Opens a writer; its space grows with what it is given. */
export function openWriter(): ByteWriter {
  let space = Buffer.allocUnsafe(512);
  let end = 0;
  const reserve = (length: number): void => {
    if (end + length <= space.length) return;
    const larger = Buffer.allocUnsafe(2 * (end + length));
    space.copy(larger, 0, 0, end);
    space = larger;
  };
  return {
    uint(value) {
      reserve(8);
      let rest = value;
      for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) {
        space[end++] = (rest % 0x80) | 0x80;
      }
      space[end++] = rest;
    },
    float(value) {
      reserve(8);
      end = space.writeDoubleLE(value, end);
    },
    text(value, encoding) {
      reserve(Buffer.byteLength(value, encoding));
      end += space.write(value, end, encoding);
    },
    bytes(value) {
      reserve(value.length);
      space.set(value, end);
      end += value.length;
    },
    length: () => end,
    take: () => Buffer.from(space.subarray(0, end)),
  };
}

/** Reads what a writer wrote, in the same order; throws where the bytes end too soon. */
export interface ByteReader {
  uint(): number;
  float(): number;
  text(length: number, encoding: 'hex' | 'base64' | 'utf8'): string;
}

export function openReader(bytes: Uint8Array): ByteReader {
  const from = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  const pass = (length: number): number => {
    at += length;
    if (at > from.length) throw new RangeError(`${from.length} bytes end before ${at}`);
    return at - length;
  };
  return {
    uint() {
      let value = 0;
      for (let unit = 1; ; unit *= 0x80) {
        const byte = from[pass(1)] ?? 0;
        value += (byte & 0x7f) * unit;
        if (byte < 0x80) return value;
      }
    },
    float: () => from.readDoubleLE(pass(8)),
    text(length, encoding) {
      const start = pass(length);
      return from.toString(encoding, start, at);
    },
  };
}
