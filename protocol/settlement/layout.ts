import { decodeBase58 } from '../bytes/base58.ts';
import { accept, must, type Result, refuse } from '../values/refusal.ts';

/** An address on the chain, a SHA-256: 32 bytes. */
export type Key = Uint8Array;
/** Length of a key, bytes. */
export const KEY_BYTES = 32;

/** The key of an address in base 58 that a schema has checked; throws on any other text. */
export const keyOf = (address: string): Key => must(decodeBase58(address, KEY_BYTES));

/** Fields one after another, little-endian, each as wide as it always is. */
export interface Layout<T> {
  bytes: number;
  write(view: DataView, at: number, value: T): void;
  read(view: DataView, at: number): T;
}

export type ValueOf<L> = L extends Layout<infer T> ? T : never;

const integer = (bits: 8 | 16 | 32): Layout<number> => ({
  bytes: bits / 8,
  write(view, at, value) {
    if (!Number.isInteger(value) || value < 0 || value >= 2 ** bits) {
      throw new RangeError(`${value} is no integer of ${bits} bits`);
    }
    if (bits === 8) view.setUint8(at, value);
    else if (bits === 16) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
  },
  read(view, at) {
    if (bits === 8) return view.getUint8(at);
    return bits === 16 ? view.getUint16(at, true) : view.getUint32(at, true);
  },
});

export const u8 = integer(8);
export const u16 = integer(16);
/** An unsigned whole number in 4 bytes, little-endian. */
export const u32 = integer(32);

/** The largest number in 8 bytes. */
export const U64_MAX = 2n ** 64n - 1n;
/** An unsigned whole number in 8 bytes, little-endian; throws a RangeError beyond. */
export const u64: Layout<bigint> = {
  bytes: 8,
  write(view, at, value) {
    if (value < 0n || value > U64_MAX) throw new RangeError(`${value} is no integer of 64 bits`);
    view.setBigUint64(at, value, true);
  },
  read: (view, at) => view.getBigUint64(at, true),
};

export const key: Layout<Key> = {
  bytes: KEY_BYTES,
  write(view, at, value) {
    if (value.length !== KEY_BYTES) throw new RangeError(`a key has ${KEY_BYTES} bytes`);
    bytesOf(view, at, KEY_BYTES).set(value);
  },
  read: (view, at) => bytesOf(view, at, KEY_BYTES).slice(),
};

/** Bytes that say nothing; written as zeros. */
export const reserved = (bytes: number): Layout<undefined> => ({
  bytes,
  write() {},
  read: () => undefined,
});

export const list = <T>(item: Layout<T>, count: number): Layout<T[]> => ({
  bytes: item.bytes * count,
  write(view, at, values) {
    if (values.length > count) throw new RangeError(`at most ${count} fit`);
    for (const [position, value] of values.entries()) {
      item.write(view, at + position * item.bytes, value);
    }
  },
  read: (view, at) =>
    Array.from({ length: count }, (_, position) => item.read(view, at + position * item.bytes)),
});

type Fields = Record<string, Layout<never>>;
type Values<F> = {
  [K in keyof F as F[K] extends Layout<undefined> ? never : K]: ValueOf<F[K]>;
};

/** Fields in the order they are written down in. */
export function struct<F extends { [K in keyof F]: Layout<ValueOf<F[K]>> }>(
  fields: F,
): Layout<Values<F>> {
  const entries = Object.entries(fields as unknown as Fields) as [string, Layout<unknown>][];
  return {
    bytes: entries.reduce((sum, [, { bytes }]) => sum + bytes, 0),
    write(view, start, values) {
      let at = start;
      for (const [name, field] of entries) {
        field.write(view, at, (values as Record<string, unknown>)[name]);
        at += field.bytes;
      }
    },
    read(view, start) {
      const found: Record<string, unknown> = {};
      let at = start;
      for (const [name, field] of entries) {
        const value = field.read(view, at);
        if (value !== undefined) found[name] = value;
        at += field.bytes;
      }
      return found as Values<F>;
    },
  };
}

/** Writes a value as its layout says. */
export function encode<T>(layout: Layout<T>, value: T): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(layout.bytes);
  layout.write(new DataView(bytes.buffer), 0, value);
  return bytes;
}

/** The value of exactly as many bytes as the layout has. */
export function decode<T>(layout: Layout<T>, bytes: Uint8Array, what: string): Result<T> {
  if (bytes.length !== layout.bytes) {
    const message = `expected ${layout.bytes} bytes for ${what}, got ${bytes.length}: it is cut off, or something else`;
    return refuse('settlement-malformed', message);
  }
  return accept(layout.read(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0));
}

const bytesOf = (view: DataView, at: number, count: number): Uint8Array =>
  new Uint8Array(view.buffer, view.byteOffset + at, count);

/** Whether two keys have the same bytes. */
export const isSameKey = (a: Key, b: Key): boolean =>
  a.length === b.length && a.every((byte, at) => byte === b[at]);
