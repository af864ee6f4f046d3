import { fault } from '../values/refusal.ts';
import {
  fail,
  type PbfWriter,
  readBytes,
  readFields,
  readFloat,
  readFloats,
  readInt,
  readInts,
  readMessage,
  readText,
  WIRE_VARINT,
  type WireReader,
} from './wire.ts';

/** One kind of field, both ways. */
export interface Codec<T> {
  /** The value, once a field is read; `known` is what earlier fields of its number came to. */
  read(reader: WireReader, known?: T): T;
  write(writer: PbfWriter, field: number, value: T): void;
  /** What stands for a field that is not there; where absent, nothing does. */
  empty?: () => T;
}

const utf8 = new TextEncoder();

/**
 * An integer. Writing throws `model-format` past 2^53, which a double cannot have held exactly, but
 * for the ends of 64 bits: 2^63 is the largest of them rounded, as exporters write "to the end".
 */
export const int: Codec<number> = {
  read: readInt,
  write(writer, field, value) {
    if (value === 2 ** 63) return writeLargest(writer, field);
    const isExact = Number.isSafeInteger(value) || value === -(2 ** 63);
    if (!isExact) throw inexact(value);
    writer.writeVarintField(field, value);
  },
};

const inexact = (value: number) =>
  fault(
    'model-format',
    `The model has the whole number ${value} in an attribute, and such a model cannot be changed without loss. Post it without taps, shared inputs and other options that change it.`,
  );

/** 2^63 − 1: nine bytes of seven bits each, all set. */
function writeLargest(writer: PbfWriter, field: number): void {
  writer.writeTag(field, WIRE_VARINT);
  writer.realloc(9);
  for (let at = 0; at < 9; at += 1) writer.buf[writer.pos + at] = at < 8 ? 0xff : 0x7f;
  writer.pos += 9;
}
// pbf's own string writer turns U+20000 into U+10000 (5.1.2): it joins surrogates with `|`.
export const text: Codec<string> = {
  read: readText,
  write: (writer, field, value) => writer.writeBytesField(field, utf8.encode(value)),
};
export const bytes: Codec<Uint8Array> = {
  read: readBytes,
  write: (writer, field, value) => writer.writeBytesField(field, value),
};
export const float: Codec<number> = {
  read: readFloat,
  write: (writer, field, value) => writer.writeFloatField(field, value),
};

/** A field that is left out where it says nothing: 0, or no text. */
export const unless = <T>(nothing: T, { read, write }: Codec<T>): Codec<T> => ({
  empty: () => nothing,
  read,
  write: (writer, field, value) => (value === nothing ? undefined : write(writer, field, value)),
});

/** A list that is not there where it has no field. */
export const maybe = <T>({ read, write }: Codec<T>): Codec<T> => ({ read, write });

/** A field for each item. */
export const list = <T>(item: Codec<T>): Codec<T[]> => ({
  empty: () => [],
  read(reader, known = []) {
    known.push(item.read(reader));
    return known;
  },
  write(writer, field, items) {
    for (const each of items) item.write(writer, field, each);
  },
});
/** Numbers, packed or not; ONNX declares them unpacked. */
export const ints: Codec<number[]> = { read: readInts, write: list(int).write };
export const floats: Codec<number[]> = { read: readFloats, write: list(float).write };

/** A part that may come once only: a runtime would merge two and run something unchecked. */
export const once = <T>(what: string, { read, write }: Codec<T>): Codec<T> => ({
  read: (reader, known) => (known === undefined ? read(reader) : fail(`${what} comes twice`)),
  write,
});

/** A codec that is named before it is made: messages lie within each other. */
export const later = <T>(named: () => Codec<T>): Codec<T> => ({
  read: (reader, known) => named().read(reader, known),
  write: (writer, field, value) => named().write(writer, field, value),
});

type Fields<T> = Record<
  number,
  { [K in keyof T]-?: [name: K, codec: Codec<Exclude<T[K], undefined>>] }[keyof T]
>;

/** What a message is read from and written to, without its own length before it. */
export interface Body<T> {
  read(reader: WireReader): T;
  write(value: T, writer: PbfWriter): void;
}

/** A message by its fields' numbers; those it does not name are skipped. Written in their order. */
export function bodyOf<T extends object>(fields: Fields<T>): Body<T> {
  const parts = Object.entries(fields) as unknown as [string, [keyof T, Codec<unknown>]][];
  const known = new Map(parts.map(([field, part]) => [Number(field), part]));
  return {
    read(reader) {
      const made = {} as T;
      for (const [name, { empty }] of known.values()) {
        if (empty !== undefined) made[name] = empty() as T[keyof T];
      }
      readFields(reader, (field) => {
        const [name, codec] = known.get(field) ?? [];
        if (name && codec) made[name] = codec.read(reader, made[name]) as T[keyof T];
      });
      return made;
    },
    write(value, writer) {
      for (const [field, [name, codec]] of known) {
        if (value[name] !== undefined) codec.write(writer, field, value[name]);
      }
    },
  };
}

/** A part within another, with its length before it. */
export const within = <T>({ read, write }: Body<T>): Codec<T> => ({
  read: (reader) => readMessage(reader, read),
  write: (writer, field, value) => writer.writeMessage(field, write, value),
});

/** A message within another, by its fields. */
export const message = <T extends object>(fields: Fields<T>): Codec<T> => within(bodyOf(fields));
