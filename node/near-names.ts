const NAMES_MAX = 3;
/** Below this share of pairs of letters in common two names are not alike. */
const ALIKE_MIN = 0.4;

/** Up to three of these names that are most like one that is not among them. */
export function nearNames(wanted: string, names: Iterable<string>): string[] {
  const pairs = pairsOf(wanted);
  return [...new Set(names)]
    .map((name) => ({ name, alike: likeness(pairs, pairsOf(name)) }))
    .filter(({ alike }) => alike >= ALIKE_MIN)
    .sort((a, b) => b.alike - a.alike)
    .slice(0, NAMES_MAX)
    .map(({ name }) => name);
}

function pairsOf(name: string): Set<string> {
  const text = name.toLowerCase();
  return new Set(Array.from({ length: text.length - 1 }, (_, at) => text.slice(at, at + 2)));
}

/** Share of the pairs of two names that both have: 1 for the same name (Dice). */
const likeness = (one: ReadonlySet<string>, other: ReadonlySet<string>): number =>
  (2 * [...one].filter((pair) => other.has(pair)).length) / Math.max(1, one.size + other.size);
