/** Half-open runs of unit numbers, sorted, disjoint, never touching. Changed in place. */
export interface Ranges {
  runs: { first: number; end: number }[];
  count: number;
}

/** The units from `first` to before `end`. */
export const openRanges = (first: number, end: number): Ranges =>
  end > first ? { runs: [{ first, end }], count: end - first } : { runs: [], count: 0 };

/** Takes up to `limit` consecutive units off the front; undefined when none are left. */
export function takeRun(
  ranges: Ranges,
  limit: number,
): { first: number; count: number } | undefined {
  const [run] = ranges.runs;
  if (limit < 1 || run === undefined) return undefined;
  const taken = { first: run.first, count: Math.min(limit, run.end - run.first) };
  removeRun(ranges, taken.first, taken.first + taken.count);
  return taken;
}

/** Adds [first, end). Units already there are counted once. */
export function addRun(ranges: Ranges, first: number, end: number): void {
  if (end <= first) return;
  const before = ranges.runs.filter((run) => run.end < first);
  const after = ranges.runs.filter((run) => run.first > end);
  const touching = ranges.runs.slice(before.length, ranges.runs.length - after.length);
  const merged = {
    first: Math.min(first, touching[0]?.first ?? first),
    end: Math.max(end, touching.at(-1)?.end ?? end),
  };
  ranges.runs = [...before, merged, ...after];
  const had = touching.reduce((sum, run) => sum + run.end - run.first, 0);
  ranges.count += merged.end - merged.first - had;
}

/** Removes [first, end), whether or not all of it was there. */
export function removeRun(ranges: Ranges, first: number, end: number): void {
  ranges.runs = ranges.runs.flatMap((run) => {
    if (run.end <= first || run.first >= end) return [run];
    const left = { first: run.first, end: first };
    const right = { first: end, end: run.end };
    return [left, right].filter((part) => part.end > part.first);
  });
  ranges.count = ranges.runs.reduce((sum, run) => sum + run.end - run.first, 0);
}

/** Whether every unit of [first, end) is there. */
export const coversRun = (ranges: Ranges, first: number, end: number): boolean =>
  ranges.runs.some((run) => run.first <= first && end <= run.end);

/** The units below `end` that none of these disjoint runs holds. */
export function gapsBetween(runs: readonly Ranges['runs'][number][], end: number): Ranges {
  const gaps: Ranges = { runs: [], count: 0 };
  let first = 0;
  for (const run of [...runs].sort((a, b) => a.first - b.first)) {
    if (run.first > first) gaps.runs.push({ first, end: run.first });
    first = run.end;
  }
  if (first < end) gaps.runs.push({ first, end });
  gaps.count = gaps.runs.reduce((sum, run) => sum + run.end - run.first, 0);
  return gaps;
}
