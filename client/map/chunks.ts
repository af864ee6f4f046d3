import type { JobUpload } from '../jobs.ts';

/**
 * One item: a text, a row of inputs by their names (or a text with its pair), or the bytes of a
 * picture.
 */
export type Item = string | Readonly<Record<string, unknown>> | Blob | Uint8Array<ArrayBuffer>;
/** Items as they are at hand, or as they come. */
export type Items = Iterable<Item> | AsyncIterable<Item>;

/** Inputs of one job stay under the hub's bound, and in memory. */
const BYTES_MAX = 64 * 1024 ** 2;
/** A form has no more parts than that, and a picture is one. */
const PICTURES_MAX = 4_096;

type Inputs = JobUpload['inputs'];

/** Items that make one job. */
export interface Chunk {
  count: number;
  inputs: Inputs;
}

/** Cuts items into jobs of at most `most` each, all of one sort. */
export async function* cutItems(items: Items, most: number): AsyncGenerator<Chunk> {
  let held: Item[] = [];
  let bytes = 0;
  for await (const item of items) {
    const size = sizeOf(item);
    const [first] = held;
    const isFull =
      held.length >= (isPicture(item) ? Math.min(most, PICTURES_MAX) : most) ||
      bytes + size > BYTES_MAX ||
      (first !== undefined && isPicture(first) !== isPicture(item));
    if (isFull && held.length > 0) {
      yield { count: held.length, inputs: toFiles(held) };
      [held, bytes] = [[], 0];
    }
    held.push(item);
    bytes += size;
  }
  if (held.length > 0) yield { count: held.length, inputs: toFiles(held) };
}

/** Whether an item is the bytes of a picture. */
export const isPicture = (item: Item): item is Blob | Uint8Array<ArrayBuffer> =>
  item instanceof Blob || item instanceof Uint8Array;

/** Bytes, at most; of a row as JSON says it. */
function sizeOf(item: Item): number {
  if (item instanceof Blob) return item.size;
  if (item instanceof Uint8Array) return item.length;
  return 3 * (typeof item === 'string' ? item : JSON.stringify(item)).length;
}

/** Pictures are files each, all else is lines of one. */
function toFiles(items: readonly Item[]): Inputs {
  if (!items.every(isPicture)) {
    const lines = items.map((item) => `${JSON.stringify(item)}\n`);
    return [{ name: 'items.jsonl', data: new Blob(lines) }];
  }
  return items.map((item, at) => {
    const named = item instanceof Blob && 'name' in item ? String(item.name) : '';
    const data = item instanceof Blob ? item : new Blob([item]);
    return { name: named || `item-${at + 1}`, data };
  });
}
