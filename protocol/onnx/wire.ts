import { PbfReader, PbfWriter } from 'pbf';
import { fault } from '../values/refusal.ts';

export { PbfWriter };

/**
 * A bounded walk over protocol buffer bytes. `pbf` by itself reads past the end of a message in
 * silence, so every length is checked here before it is used, and what is built from the bytes is
 * paid for out of `credit`, so that a small hostile file cannot grow into a large object.
 */
export interface WireReader {
  readonly pbf: PbfReader;
  /** End of the message being read. */
  end: number;
  credit: number;
  depth: number;
}

/** The type of a field that is one integer. */
export const WIRE_VARINT = 0;
const WIRE_BYTES = 2;
const WIRE_FIXED32 = 5;

const MESSAGE_COST = 16;
const STRING_COST = 8;
/** About a million messages, or sixteen million numbers. */
const CREDIT = 16 * 1024 * 1024;
/** Messages inside messages; a graph inside a graph is three. */
const DEPTH_MAX = 64;

/** Stops the walk; `decodeOnnx` turns it into a refusal. */
export function fail(problem: string): never {
  throw fault(
    'model-truncated',
    `This is not a whole ONNX model: ${problem}. Export it again and upload the complete .onnx file.`,
  );
}

export const openWire = (bytes: Uint8Array): WireReader => ({
  pbf: new PbfReader(bytes),
  end: bytes.length,
  credit: CREDIT,
  depth: 0,
});

function spend(reader: WireReader, cost: number): void {
  reader.credit -= cost;
  if (reader.credit >= 0) return;
  throw fault(
    'model-too-big',
    'The model has more than a million parts (nodes, attributes, values). Simplify the graph, or split the model.',
  );
}

function expectWire(reader: WireReader, wire: number): void {
  if (reader.pbf.type !== wire) fail(`a field at byte ${reader.pbf.pos} has another type`);
}

/** Reads a length and checks that so many bytes are there. */
function readLength(reader: WireReader): number {
  const length = reader.pbf.readVarint();
  if (!(length <= reader.end - reader.pbf.pos)) {
    fail(`it ends within the part that begins at byte ${reader.pbf.pos}`);
  }
  return length;
}

/** Calls `visit` with each field's number up to `reader.end`; what it leaves is skipped. */
export function readFields(reader: WireReader, visit: (field: number) => void): void {
  const { pbf, end } = reader;
  for (let field = pbf.nextField(end); field !== 0; field = pbf.nextField(end)) {
    visit(field);
    if (pbf.pos > end) fail(`a field runs past byte ${end}`);
  }
  if (pbf.pos !== end) fail(`it ends within the part that closes at byte ${end}`);
}

/** Reads a message inside this one with `read`, which calls `readFields`. */
export function readMessage<T>(reader: WireReader, read: (reader: WireReader) => T): T {
  expectWire(reader, WIRE_BYTES);
  spend(reader, MESSAGE_COST);
  if (reader.depth >= DEPTH_MAX) fail('its parts are nested too deep');
  const length = readLength(reader);
  const outerEnd = reader.end;
  reader.end = reader.pbf.pos + length;
  reader.depth += 1;
  const value = read(reader);
  reader.depth -= 1;
  reader.end = outerEnd;
  return value;
}

/** A view of a bytes field. */
export function readBytes(reader: WireReader): Uint8Array {
  expectWire(reader, WIRE_BYTES);
  spend(reader, STRING_COST);
  const length = readLength(reader);
  const { pbf } = reader;
  pbf.pos += length;
  return pbf.buf.subarray(pbf.pos - length, pbf.pos);
}

// Names decide what a loop's bound refers to: two byte strings must never decode to one name, so
// bad UTF-8 is an error, and so is the byte order mark that TextDecoder would drop.
const utf8 = new TextDecoder('utf-8', { fatal: true });

export function readText(reader: WireReader): string {
  const bytes = readBytes(reader);
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) fail('a name is not UTF-8');
  spend(reader, bytes.length >>> 4);
  return utf8.decode(bytes);
}

/** int32, int64 or enum; rounded to a double beyond 2^53. */
export function readInt(reader: WireReader): number {
  expectWire(reader, WIRE_VARINT);
  return reader.pbf.readVarint(true);
}

export function readFloat(reader: WireReader): number {
  expectWire(reader, WIRE_FIXED32);
  return reader.pbf.readFloat();
}

/** Appends one integer, or a packed run of them. */
export function readInts(reader: WireReader, into: number[] = []): number[] {
  if (reader.pbf.type !== WIRE_BYTES) {
    spend(reader, 1);
    into.push(readInt(reader));
    return into;
  }
  const packed = readBytes(reader);
  spend(reader, packed.length);
  for (const value of unpackInts(packed)) into.push(value);
  return into;
}

/** Appends one float, or a packed run of them. */
export function readFloats(reader: WireReader, into: number[] = []): number[] {
  if (reader.pbf.type !== WIRE_BYTES) {
    spend(reader, 1);
    into.push(readFloat(reader));
    return into;
  }
  const packed = readBytes(reader);
  if (packed.length % 4 !== 0) fail('a list of floats is cut off');
  spend(reader, packed.length / 4);
  const pbf = new PbfReader(packed);
  while (pbf.pos < packed.length) into.push(pbf.readFloat());
  return into;
}

/** The integers in the bytes of a packed varint field. */
export function unpackInts(packed: Uint8Array): number[] {
  const pbf = new PbfReader(packed);
  const values: number[] = [];
  while (pbf.pos < packed.length) values.push(pbf.readVarint(true));
  if (pbf.pos !== packed.length) fail('a list of integers is cut off');
  return values;
}
