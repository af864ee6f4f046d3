import * as v from 'valibot';

/**
 * The names of items' files as a job keeps them: a name for one item, or with the number of items in a
 * row that came in that file.
 */
export const ItemNames = v.array(
  v.union([v.string(), v.tuple([v.string(), v.pipe(v.number(), v.safeInteger(), v.minValue(1))])]),
);
export type ItemNames = v.InferOutput<typeof ItemNames>;

const NAME_MAX = 200;

/** Names by item, cut to `NAME_MAX` characters, as they are kept. */
export function packNames(names: Iterable<string>): ItemNames {
  const runs: [string, number][] = [];
  for (const whole of names) {
    const name = whole.slice(0, NAME_MAX);
    const last = runs.at(-1);
    if (last?.[0] === name) last[1] += 1;
    else runs.push([name, 1]);
  }
  return runs.map((run) => (run[1] === 1 ? run[0] : run));
}

/** The names of items [from, to). */
export function* unpackNames(packed: ItemNames, from: number, to: number): Generator<string> {
  let first = 0;
  for (const run of packed) {
    if (first >= to) return;
    const [name, items] = typeof run === 'string' ? [run, 1] : run;
    const end = Math.min(to, first + items);
    for (let item = Math.max(from, first); item < end; item += 1) yield name;
    first += items;
  }
}
