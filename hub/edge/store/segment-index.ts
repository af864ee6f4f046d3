/**
 * The front of a segment: a blob with the outputs and fingerprints of many shards of one job. Numbers
 * are little endian.
 *
 * | offset | bytes | what |
 * | --- | --- | --- |
 * | 0 | 8 | `PGRIDOUT` |
 * | 8 | 4 | version: 1 |
 * | 12 | 4 | how many shards there are |
 * | 16 | 24 each | the shards, by the number of their fact |
 *
 * Of a shard: the number of its fact (8), where its outputs begin and how long they are (4 + 4), and
 * the same of its fingerprints (4 + 4), which have the length 0 where it has none.
 *
 * Behind it lie the outputs of all shards in the order of their units, in which results are read,
 * and then all fingerprints in that order.
 */
const MAGIC = 0x54554f4449524750n;
const VERSION = 1;
const HEAD_BYTES = 16;
const ENTRY_BYTES = 24;

/** Which bytes of a shard are meant. */
export type OutputColumn = 'outputs' | 'fingerprints';

/** An accepted shard, and how many bytes came with it. */
export interface OutputSize extends Record<OutputColumn, number> {
  /** Of its fact. */
  number: number;
  firstUnit: number;
}

/** Bytes of a segment. */
export interface Place {
  at: number;
  length: number;
}

/** Where the bytes of a shard lie in a segment. */
export interface SegmentEntry extends Record<OutputColumn, Place> {
  number: number;
}

/** How long the index of so many shards is. */
export const indexBytes = (shards: number): number => HEAD_BYTES + shards * ENTRY_BYTES;

/** How long a segment of these shards is. */
export const segmentBytes = (sizes: readonly OutputSize[]): number =>
  sizes.reduce(
    (sum, { outputs, fingerprints }) => sum + outputs + fingerprints,
    indexBytes(sizes.length),
  );

/** Gives the bytes of each shard a place; the entries are in the order of the bytes. */
export function layOut(sizes: readonly OutputSize[]): SegmentEntry[] {
  const byUnit = [...sizes].sort((a, b) => a.firstUnit - b.firstUnit || a.number - b.number);
  let end = indexBytes(sizes.length);
  const place = (length: number): Place => {
    end += length;
    return { at: end - length, length };
  };
  const outputs = byUnit.map((size) => place(size.outputs));
  const fingerprints = byUnit.map((size) => place(size.fingerprints));
  return byUnit.map(({ number }, at) => ({
    number,
    outputs: outputs[at] ?? place(0),
    fingerprints: fingerprints[at] ?? place(0),
  }));
}

/** The index of these shards, whatever their order; each number is there once. */
export function encodeIndex(entries: readonly SegmentEntry[]): Uint8Array {
  const bytes = new Uint8Array(indexBytes(entries.length));
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, MAGIC, true);
  view.setUint32(8, VERSION, true);
  view.setUint32(12, entries.length, true);
  const byNumber = [...entries].sort((a, b) => a.number - b.number);
  for (const [row, { number, outputs, fingerprints }] of byNumber.entries()) {
    const at = indexBytes(row);
    view.setBigUint64(at, BigInt(number), true);
    for (const [column, { at: start, length }] of [outputs, fingerprints].entries()) {
      view.setUint32(at + 8 + 8 * column, start, true);
      view.setUint32(at + 12 + 8 * column, length, true);
    }
  }
  return bytes;
}

/** An index that was read back. */
export interface SegmentIndex {
  /** The shard whose fact has this number, if it is there. */
  find(number: number): SegmentEntry | undefined;
}

/** Reads an index, all of it and nothing more; undefined where the bytes are none. */
export function decodeIndex(bytes: Uint8Array): SegmentIndex | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < HEAD_BYTES || view.getBigUint64(0, true) !== MAGIC) return undefined;
  const shards = view.getUint32(12, true);
  if (view.getUint32(8, true) !== VERSION || bytes.length !== indexBytes(shards)) return undefined;
  const numberAt = (row: number) => Number(view.getBigUint64(indexBytes(row), true));
  const placeAt = (at: number) => ({
    at: view.getUint32(at, true),
    length: view.getUint32(at + 4, true),
  });
  return {
    find(number) {
      let [low, high] = [0, shards];
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (numberAt(middle) < number) low = middle + 1;
        else high = middle;
      }
      if (low === shards || numberAt(low) !== number) return undefined;
      const at = indexBytes(low);
      return { number, outputs: placeAt(at + 8), fingerprints: placeAt(at + 16) };
    },
  };
}
