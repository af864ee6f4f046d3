import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ExactCase } from '../page/exact-cases.ts';
import {
  compareBatches,
  compareEngines,
  compareLevels,
  compareOutputs,
  comparePlaces,
  compareProfile,
  listDiffering,
  listRefused,
} from './comparison.ts';
import type { CaseResult, Output } from './engine.ts';

const output = (...values: number[]): Output => ({
  name: 'y',
  dtype: 'float32',
  data: new Uint8Array(Float32Array.from(values).buffer),
});
const made = (...values: number[]): CaseResult => ({ outputs: [output(...values)] });
const one = (model: string, batch: number, level: ExactCase['level']): ExactCase => ({
  model,
  batch,
  level,
  modelFile: `${model}.onnx`,
  inputsFile: `${model}-${batch}.json`,
  free: { batch },
});

describe('outputs', () => {
  it('that are the same have no difference; one flipped byte is one', () => {
    fc.assert(
      fc.property(
        fc
          .uint8Array({ minLength: 4, maxLength: 64 })
          .map((bytes) => bytes.subarray(bytes.length % 4)),
        fc.nat(),
        (data, at) => {
          const reference = { name: 'y', dtype: 'int32', data };
          expect(compareOutputs([reference], [reference])).toMatchObject({
            differing: 0,
            largest: 0,
          });
          const changed = data.map((byte, place) => (place === at % data.length ? byte ^ 1 : byte));
          const found = compareOutputs([reference], [{ ...reference, data: changed }]);
          expect(found).toMatchObject({ bytes: data.length, differing: 1 });
        },
      ),
    );
  });

  it('are held against the root mean square of the reference', () => {
    const { largest } = compareOutputs([output(3, 4, 0, 0)], [output(3, 4, 0, 0.5)]);
    expect(largest).toBeCloseTo(0.5 / 2.5, 6);
    expect(compareOutputs([output(1)], [output(Number.NaN)]).largest).toBe(Infinity);
  });

  it('count whole where one is missing, longer, or has another name', () => {
    expect(compareOutputs([output(1, 2)], [])).toMatchObject({ bytes: 8, differing: 8 });
    expect(compareOutputs([output(1)], [output(1, 2)])).toMatchObject({ bytes: 8, differing: 8 });
    const other = { ...output(1), name: 'z' };
    expect(compareOutputs([output(1)], [other])).toMatchObject({ bytes: 4, differing: 4 });
  });
});

describe('the matrix', () => {
  const cases = [one('a', 1, 'all'), one('a', 1, 'basic'), one('a', 2, 'all'), one('b', 1, 'all')];
  const results = [made(1), made(1.5), made(1, 1), made(7)];

  it('holds every engine and thread count against the first run, by model', () => {
    const cells = comparePlaces(cases, [
      { engine: 'Node', threads: 1, results },
      { engine: 'Node', threads: 2, results },
      { engine: 'Firefox', threads: 1, results: [...results.slice(0, 3), { refused: 'no' }] },
    ]);
    expect(cells.map(({ row, column, differing }) => [row, column, differing])).toEqual([
      ['a', 'Node, 2 threads', 0],
      ['b', 'Node, 2 threads', 0],
      ['a', 'Firefox, 1 thread', 0],
      ['b', 'Firefox, 1 thread', 4],
    ]);
  });

  it('keeps units of one item on one thread in the profile, and larger ones on any number', () => {
    const alone = [made(9), made(9), made(1, 1), made(9)];
    const together = [made(1), made(1.5), made(1, 9), made(7)];
    const differing = (threads: number, found: typeof results) =>
      compareProfile(cases, [
        { engine: 'Node', threads: 1, results },
        { engine: 'Node', threads, results: found },
      ]).reduce((sum, cell) => sum + cell.differing, 0);
    expect(differing(2, alone)).toBe(0);
    expect(differing(1, alone)).toBeGreaterThan(0);
    expect(differing(2, together)).toBeGreaterThan(0);
  });

  it('tells engines from threads, and leaves out what a place did not run', () => {
    const threaded = [made(2), undefined, made(1, 1), made(7)];
    const runs = [
      { engine: 'Node', threads: 1, results },
      { engine: 'Node', threads: 2, results: threaded },
      { engine: 'Firefox', threads: 2, results: threaded },
    ];
    expect(comparePlaces(cases, runs).filter(({ differing }) => differing > 0)).toHaveLength(2);
    expect(compareEngines(cases, runs).map(({ differing }) => differing)).toEqual([0, 0]);
    expect(listDiffering(cases, runs).map(({ row, column }) => [row, column])).toEqual([
      ['a, unit of 1, level all', 'Node, 2 threads'],
      ['a, unit of 1, level all', 'Firefox, 2 threads'],
    ]);
  });

  it('holds other levels against the pinned one in units of the same size', () => {
    const [cell, ...rest] = compareLevels(cases, results, 'all');
    expect(cell).toMatchObject({ row: 'a', column: 'basic', bytes: 4, differing: 1, largest: 0.5 });
    expect(rest).toEqual([]);
  });

  it('holds the first and the last item of a unit against the same item alone', () => {
    expect(compareBatches(cases, results, 'all')).toMatchObject([
      { row: 'a', column: '2', bytes: 8, differing: 0 },
    ]);
    const last = [made(1), made(1), made(1, 2), made(7)];
    expect(compareBatches(cases, last, 'all')).toMatchObject([{ bytes: 8, differing: 2 }]);
  });

  it('lists what was refused once for each place', () => {
    const refused = [...results.slice(0, 3), { refused: 'no kernel' }];
    expect(listRefused(cases, [{ engine: 'Bun', threads: 4, results: refused }])).toEqual([
      'b at level all, Bun, 4 threads: no kernel',
    ]);
  });
});
