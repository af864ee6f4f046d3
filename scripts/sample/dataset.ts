import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { openRandom, shuffle } from '../models/random.ts';

export const SAMPLE_FOLDER = new URL('../../public/sample/', import.meta.url);
export const DIGITS = 1797;
export const SIDE = 8;
export const PIXELS = SIDE * SIDE;
export const CLASSES = 10;
/** Pixels count ink in a 4×4 block of the scan: 0..16. The model sees them divided by this. */
const INK_MAX = 16;
const SPLIT_SEED = 20_240_601;

export interface Digits {
  /** Shape [1797, 1, 8, 8], values 0..1. */
  images: Float32Array<ArrayBuffer>;
  /** What each image shows, 0..9. */
  labels: number[];
}

/** Reads the data set as distributed: 64 pixels and a label per line. */
export async function readDigits(): Promise<Digits> {
  const packed = await readFile(new URL('digits.csv.gz', SAMPLE_FOLDER));
  const lines = gunzipSync(packed).toString('utf8').trim().split('\n');
  if (lines.length !== DIGITS) throw new Error(`digits.csv.gz has ${lines.length} lines`);
  const images = new Float32Array(DIGITS * PIXELS);
  const labels = lines.map((line, item) => {
    const fields = line.split(',').map(Number);
    if (fields.length !== PIXELS + 1) throw new Error(`line ${item + 1} of digits.csv.gz`);
    const label = fields.pop() ?? Number.NaN;
    images.set(
      fields.map((ink) => ink / INK_MAX),
      item * PIXELS,
    );
    return label;
  });
  return { images, labels };
}

/** The fixed split: a seeded fifth is held out, and training never sees it. Sorted indices. */
export function splitDigits(items = DIGITS): { train: number[]; heldOut: number[] } {
  const order = shuffle(
    Array.from({ length: items }, (_, index) => index),
    openRandom(SPLIT_SEED),
  );
  const cut = Math.floor(items / 5);
  const ascending = (a: number, b: number) => a - b;
  return {
    train: order.slice(cut).sort(ascending),
    heldOut: order.slice(0, cut).sort(ascending),
  };
}
