import * as v from 'valibot';
import { Count } from '../values/units.ts';

/** Items of a unit at most: a job's options allow no more. */
const UNIT_ITEMS_MAX = 4096;
/** Different words of the runtime that are kept of one unit, and how long each may be. */
export const FAILED_WORDS_MAX = 64;
export const FAILED_TEXT_MAX = 300;

/** Items of one unit that the runtime could not compute, and what it said of each of them. */
export const FailedItems = v.strictObject({
  /** Places in the unit, from 0. */
  places: v.pipe(v.array(Count), v.minLength(1), v.maxLength(UNIT_ITEMS_MAX)),
  text: v.pipe(v.string(), v.minLength(1), v.maxLength(FAILED_TEXT_MAX)),
});
export type FailedItems = v.InferOutput<typeof FailedItems>;

/** What was found of one unit, by the words; empty where the unit runs. */
export const FailedGroups = v.pipe(v.array(FailedItems), v.maxLength(FAILED_WORDS_MAX));

/** All places of such groups, in order, each once. */
export const placesOf = (groups: readonly FailedItems[]): number[] =>
  [...new Set(groups.flatMap(({ places }) => places))].sort((a, b) => a - b);

/** Said of items whose words are one kind too many to keep. */
const OTHER_WORDS = 'the runtime failed on this item too, in other words';

/** Groups places by the words said of them; words are cut, and too many kinds become one. */
export function groupFailures(failures: readonly { place: number; text: string }[]): FailedItems[] {
  const groups = new Map<string, number[]>();
  for (const { place, text } of failures) {
    const cut = text.trim().slice(0, FAILED_TEXT_MAX) || 'no reason given';
    const isKept = groups.has(cut) || groups.size < FAILED_WORDS_MAX - 1;
    const words = isKept ? cut : OTHER_WORDS;
    groups.set(words, [...(groups.get(words) ?? []), place]);
  }
  return [...groups].map(([text, places]) => ({ places, text }));
}
