import { describe, expect, test } from 'vitest';
import { findScores, measureAccuracy, predict, previewValues, readValues } from './results-view.ts';

describe('results', () => {
  test('nested arrays, big integers and NaN become numbers', () => {
    const item = {
      a: [
        [1, 2],
        [3, 'NaN'],
      ],
      b: '9007199254740993',
      c: true,
    };
    expect([...readValues(item)]).toEqual([
      ['a', [1, 2, 3, Number.NaN]],
      ['b', [9007199254740992]],
      ['c', [1]],
    ]);
  });

  test('scores are the first float output with one number per class', () => {
    const scores = { name: 's', dtype: 'f32', shape: [16, 10] } as const;
    const wide = { name: 'w', dtype: 'f32', shape: [16, 4, 10] } as const;
    const ids = { name: 'i', dtype: 'i64', shape: [16, 10] } as const;
    expect(
      findScores([
        { ...wide, shape: [16, 4, 10] },
        { ...ids, shape: [16, 10] },
      ]),
    ).toBeUndefined();
    expect(
      findScores([
        { ...ids, shape: [16, 10] },
        { ...scores, shape: [16, 10] },
      ])?.name,
    ).toBe('s');
  });

  test('a prediction is the largest score; probabilities are taken as they are', () => {
    expect(predict([0.1, 0.7, 0.2])).toEqual({ label: 1, share: 0.7 });
    const fromLogits = predict([0, Math.log(3)]);
    expect(fromLogits?.label).toBe(1);
    expect(fromLogits?.share).toBeCloseTo(0.75);
    expect(predict([1000, 0])?.share).toBe(1);
    expect(predict([])).toBeUndefined();
    expect(predict([Number.NaN])).toBeUndefined();
  });

  test('accuracy counts rows against labels', () => {
    const scores = [[1, 0], [0, 1], [1, 0], []];
    expect(measureAccuracy(scores, [0, 1, 1, 0, 0])).toEqual({ right: 2, of: 4 });
  });

  test('a long tensor shows its start and its length', () => {
    expect(previewValues([1, 2, 3], 2)).toBe('1, 2 … (3)');
  });
});
