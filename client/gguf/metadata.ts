import { fault } from '#protocol/values/refusal.ts';
import type { GgufFile, GgufValue } from './file.ts';

/** What a file says of its model, each value with its kind; a missing one is a refusal. */
export interface Metadata {
  /** A whole number from 0. */
  count(key: string, fallback?: number): number;
  /** As it was written before 32 bits rounded it: 1e-5, not 9.9999997e-6. */
  number(key: string, fallback?: number): number;
  text(key: string, fallback?: string): string;
  /** A text that may stand in a sentence. */
  name(key: string, fallback?: string): string;
  flag(key: string): boolean;
  texts(key: string): string[];
  numbers(key: string): number[];
}

type Is<T> = (value: GgufValue | undefined) => value is T & GgufValue;

const isText = (value: unknown): value is string => typeof value === 'string';
const isName = (value: unknown): value is string => isText(value) && /^[\w.-]{1,64}$/.test(value);
const isNumber = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value);
const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
const listOf =
  <T>(is: (value: unknown) => value is T) =>
  (value: unknown): value is T[] =>
    Array.isArray(value) && value.every(is);

/** Opens the metadata of a file; what it gives throws `model-format` where a value is missing. */
export function openMetadata({ metadata }: GgufFile): Metadata {
  const read =
    <T>(kind: string, is: Is<T>) =>
    (key: string, fallback?: T): T => {
      const value = metadata.get(key);
      if (value === undefined && fallback !== undefined) return fallback;
      if (is(value)) return value;
      const message = `The GGUF file needs ${kind} as "${key}". Convert the model anew with convert_hf_to_gguf.py of llama.cpp.`;
      throw fault('model-format', message);
    };
  const number = read<number>('a number', isNumber as Is<number>);
  return {
    count: read<number>('a whole number', isCount as Is<number>),
    number: (key, fallback) => shortest(number(key, fallback)),
    text: read<string>('a text', isText as Is<string>),
    name: read<string>('a short name', isName as Is<string>),
    flag: (key) => metadata.get(key) === true,
    texts: read<string[]>('a list of texts', listOf(isText) as Is<string[]>),
    numbers: read<number[]>('a list of numbers', listOf(isCount) as Is<number[]>),
  };
}

const FLOAT_DIGITS = 9;

function shortest(value: number): number {
  for (let digits = 1; digits < FLOAT_DIGITS; digits += 1) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}
