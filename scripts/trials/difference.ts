/** How far answers are apart. */
export interface Difference {
  /** The largest of numbers; of a vector's it is the part of its largest, where that is above 1. */
  value: number;
  /** How many words, keys and lengths differ. */
  words: number;
}

/** Compares answers: their numbers, and their words. `scale` is what one of these numbers counts by. */
export function compare(found: unknown, wanted: unknown, scale = 1): Difference {
  if (typeof wanted === 'number' && typeof found === 'number') {
    return { value: Math.abs(found - wanted) / scale, words: 0 };
  }
  if (!isObject(wanted) || !isObject(found)) {
    return { value: 0, words: found === wanted ? 0 : 1 };
  }
  const sum: Difference = { value: 0, words: 0 };
  const inside = scaleOf(wanted);
  for (const key of new Set([...Object.keys(found), ...Object.keys(wanted)])) {
    const each = compare(found[key], wanted[key], inside);
    sum.value = Math.max(sum.value, each.value);
    sum.words += each.words;
  }
  return sum;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

/** Runtimes add the numbers of a vector in another order, and round by the largest of them. */
const scaleOf = (wanted: unknown): number =>
  Array.isArray(wanted)
    ? Math.max(1, ...wanted.map((each: unknown) => (typeof each === 'number' ? Math.abs(each) : 0)))
    : 1;
