import type { ExactCase } from '../page/exact-cases.ts';
import type { CaseResult, Output } from './engine.ts';

/** How two sets of outputs differ. */
export interface Difference {
  /** Bytes compared, and those that are not the same; an output that is missing differs whole. */
  bytes: number;
  differing: number;
  /**
   * Largest max|a−b| ÷ RMS(b) of any f32 output, as the comparators of GPU results measure it: a
   * quotient of single elements says nothing near zero. Infinite where a value is not a number.
   */
  largest: number;
}

const NOTHING: Difference = { bytes: 0, differing: 0, largest: 0 };

/**
 * What one engine with so many threads made of the cases, in their order; nothing of those left
 * out.
 */
export interface PlaceRun {
  engine: string;
  threads: number;
  results: (CaseResult | undefined)[];
}

/** A sum of differences under the names of a row and a column. */
export interface Cell extends Difference {
  row: string;
  column: string;
}

export const addDifferences = (all: readonly Difference[]): Difference =>
  all.reduce(
    (sum, each) => ({
      bytes: sum.bytes + each.bytes,
      differing: sum.differing + each.differing,
      largest: Math.max(sum.largest, each.largest),
    }),
    NOTHING,
  );

/** How `found` differs from `reference`, output by output in the order of their names. */
export function compareOutputs(reference: readonly Output[], found: readonly Output[]): Difference {
  const length = Math.max(reference.length, found.length);
  const none: Output = { name: '', dtype: '', data: new Uint8Array() };
  return addDifferences(
    Array.from({ length }, (_, at) => compareOutput(reference[at] ?? none, found[at] ?? none)),
  );
}

function compareOutput(reference: Output, found: Output): Difference {
  const [a, b] = [found.data, reference.data];
  const bytes = Math.max(a.length, b.length);
  const same = reference.name === found.name && reference.dtype === found.dtype;
  if (!same || a.length !== b.length) return { bytes, differing: bytes, largest: Infinity };
  let differing = 0;
  for (let at = 0; at < bytes; at += 1) if (a[at] !== b[at]) differing += 1;
  if (differing === 0) return { bytes, differing, largest: 0 };
  const largest =
    reference.dtype === 'float32' ? largestDifference(floats(a), floats(b)) : Infinity;
  return { bytes, differing, largest };
}

/** A copy, because bytes of a larger buffer need not begin where a float may. */
const floats = (bytes: Uint8Array): Float32Array => new Float32Array(Uint8Array.from(bytes).buffer);

function largestDifference(found: Float32Array, reference: Float32Array): number {
  let [squares, most] = [0, 0];
  for (const [at, value] of reference.entries()) {
    const difference = Math.abs((found[at] ?? Number.NaN) - value);
    if (Number.isNaN(difference)) return Infinity;
    squares += value * value;
    most = Math.max(most, difference);
  }
  return most === 0 ? 0 : most / Math.sqrt(squares / reference.length);
}

const outputsOf = (result: CaseResult | undefined): Output[] =>
  result !== undefined && 'outputs' in result ? result.outputs : [];

/** What must hold: each run against the first one, by model and engine with threads. */
export function comparePlaces(cases: readonly ExactCase[], runs: readonly PlaceRun[]): Cell[] {
  const [reference, ...others] = runs;
  if (reference === undefined) return [];
  return others.flatMap((run) =>
    groupBy(cases, (each) => each.model).map(([row, places]) => ({
      row,
      column: placeName(run.engine, run.threads),
      ...addDifferences(places.map((at) => compareCase(reference, run, at))),
    })),
  );
}

const compareCase = (reference: PlaceRun, run: PlaceRun, at: number): Difference =>
  run.results[at] === undefined
    ? NOTHING
    : compareOutputs(outputsOf(reference.results[at]), outputsOf(run.results[at]));

/** Engines alone: each run against the first one with as many threads. */
export const compareEngines = (cases: readonly ExactCase[], runs: readonly PlaceRun[]): Cell[] =>
  groupBy(runs, ({ threads }) => `${threads}`).flatMap(([, places]) =>
    comparePlaces(
      cases,
      runs.filter((_, at) => places.includes(at)),
    ),
  );

/**
 * The profile that contributors keep: units of one item on one thread, larger ones on any number
 * (`worker/core/admission.ts`).
 */
export const compareProfile = (cases: readonly ExactCase[], runs: readonly PlaceRun[]): Cell[] =>
  comparePlaces(
    cases,
    runs.map(({ results, ...place }) => ({
      ...place,
      results: results.map((result, at) =>
        place.threads === 1 || (cases[at]?.batch ?? 0) > 1 ? result : undefined,
      ),
    })),
  );

/**
 * Cases with bytes that differ from the first run's: a row for each, a column for each such place.
 */
export function listDiffering(cases: readonly ExactCase[], runs: readonly PlaceRun[]): Cell[] {
  const [reference, ...others] = runs;
  if (reference === undefined) return [];
  return cases.flatMap(({ model, batch, level }, at) =>
    others.flatMap((run) => {
      const difference = compareCase(reference, run, at);
      const row = `${model}, unit of ${batch}, level ${level}`;
      const column = placeName(run.engine, run.threads);
      return difference.differing === 0 ? [] : [{ row, column, ...difference }];
    }),
  );
}

export const placeName = (engine: string, threads: number): string =>
  `${engine}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`;

/** Each other level against `pinned`, units of the same size: by model and level. */
export function compareLevels(
  cases: readonly ExactCase[],
  results: readonly (CaseResult | undefined)[],
  pinned: string,
): Cell[] {
  const others = cases.map((each, at) => ({ ...each, at })).filter(({ level }) => level !== pinned);
  return groupBy(others, ({ model, level }) => `${model} ${level}`).map(([, places]) => {
    const differences = places.map((place) => {
      const other = others[place] as ExactCase & { at: number };
      const same = ({ model, batch, level }: ExactCase) =>
        model === other.model && batch === other.batch && level === pinned;
      return compareOutputs(
        outputsOf(results[cases.findIndex(same)]),
        outputsOf(results[other.at]),
      );
    });
    const { model: row = '', level: column = '' } = others[places[0] ?? 0] ?? {};
    return { row, column, ...addDifferences(differences) };
  });
}

/**
 * The same item in a unit of its own and as the first and the last of a larger one, at the pinned
 * level: by model and size of unit.
 */
export function compareBatches(
  cases: readonly ExactCase[],
  results: readonly (CaseResult | undefined)[],
  pinned: string,
): Cell[] {
  return cases.flatMap(({ model, batch, level }, at) => {
    if (batch === 1 || level !== pinned) return [];
    const alone = cases.findIndex(
      (each) => each.model === model && each.batch === 1 && each.level === pinned,
    );
    const differences = [0, batch - 1].map((row) =>
      compareOutputs(outputsOf(results[alone]), takeRow(outputsOf(results[at]), row, batch)),
    );
    return [{ row: model, column: `${batch}`, ...addDifferences(differences) }];
  });
}

/** One item's part of the outputs of a unit. */
const takeRow = (outputs: readonly Output[], row: number, batch: number): Output[] =>
  outputs.map(({ name, dtype, data }) => {
    const width = data.length / batch;
    return { name, dtype, data: data.subarray(row * width, (row + 1) * width) };
  });

/** Cases that a run did not load or finish, in the runtime's words, each reason once by model. */
export function listRefused(cases: readonly ExactCase[], runs: readonly PlaceRun[]): string[] {
  const found = runs.flatMap(({ engine, threads, results }) =>
    results.flatMap((result, at) =>
      result !== undefined && 'refused' in result
        ? [
            `${cases[at]?.model} at level ${cases[at]?.level}, ${placeName(engine, threads)}: ${result.refused}`,
          ]
        : [],
    ),
  );
  return [...new Set(found)];
}

/** Places of the elements of each group, groups in the order of their first element. */
function groupBy<T>(all: readonly T[], keyOf: (each: T) => string): [string, number[]][] {
  const groups = new Map<string, number[]>();
  for (const [at, each] of all.entries()) {
    const key = keyOf(each);
    groups.set(key, [...(groups.get(key) ?? []), at]);
  }
  return [...groups];
}
