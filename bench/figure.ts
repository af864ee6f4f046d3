/** What a bench found; `bench/run.ts` prints one JSON line for each. */
export interface Figure {
  figure: string;
  value: number;
  /** Such as `ratio`, `bytes`, `shards/s`. */
  unit: string;
  /** What `value` is held against, in the same unit; `ratio` is value ÷ baseline. */
  baseline?: number;
  /** What was measured to get here, told beside the figure. */
  detail?: Record<string, number | string>;
}

export interface BenchContext {
  /** Under a minute for each bench, at the price of noise. */
  quick: boolean;
  /** Install browsers and engines that the bench could use and that are missing. */
  install: boolean;
  /** Path of the Chromium to drive. */
  chromium: string;
  /** A folder of this run's own, gone afterwards. */
  folder: string;
  /** Tells the person who waits; never part of the figures. */
  say(line: string): void;
  /** Runs when the bench is over, whatever its end; the last one first. */
  defer(close: () => unknown): void;
}

/** What each `NAME.bench.ts` exports as `run`. */
export type Bench = (context: BenchContext) => AsyncIterable<Figure>;

/** One line of output. */
export function encodeFigure(
  bench: string,
  { figure, value, unit, baseline, detail }: Figure,
  conditions: Record<string, unknown>,
): string {
  return JSON.stringify({
    bench,
    figure,
    value: round(value),
    unit,
    baseline: baseline === undefined ? null : round(baseline),
    ratio: baseline === undefined ? null : round(value / baseline),
    conditions: { ...conditions, ...detail },
  });
}

const round = (value: number): number => Number(value.toPrecision(5));

/** Middle value of a list that is not empty. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
