import { describe, expect, test } from 'vitest';
import {
  decodeResultLines,
  findScores,
  measureAccuracy,
  predict,
  previewValues,
} from './results-view.ts';

const rowsOf = (text: string) => {
  const rows = decodeResultLines(text);
  if (!rows.ok) throw new Error(rows.refusal.message);
  return rows.value;
};

describe('results', () => {
  test('nested arrays, big integers and NaN become numbers', () => {
    const [row] = rowsOf('{"a":[[1,2],[3,"NaN"]],"b":"9007199254740993","c":true}\n\n');
    expect(row?.values.get('a')).toEqual([1, 2, 3, Number.NaN]);
    expect(row?.values.get('b')).toEqual([9007199254740992]);
    expect(row?.values.get('c')).toEqual([1]);
  });

  test('the line of an item that failed says why', () => {
    const error = { code: 'item-failed', message: 'idx=77 is out of bounds' };
    const [failed, row] = rowsOf(`${JSON.stringify({ error })}\n{"error":[3]}`);
    expect(failed).toEqual({ values: new Map(), error: error.message });
    expect(row?.values.get('error')).toEqual([3]);
  });

  test('the names of files are told from outputs that are called file', () => {
    const error = { code: 'item-failed', message: 'bad' };
    const text = `{"file":"a.png","y":1}\n${JSON.stringify({ file: 'b.png', error })}`;
    const rows = decodeResultLines(text, true);
    expect(rows.ok && rows.value).toEqual([
      { file: 'a.png', values: new Map([['y', [1]]]) },
      { file: 'b.png', values: new Map(), error: 'bad' },
    ]);
    const [own] = rowsOf('{"file":"NaN"}');
    expect(own).toEqual({ values: new Map([['file', [Number.NaN]]]) });
  });

  test.each(['[1]', '{"a":', '7'])('%s is refused', (text) => {
    expect(decodeResultLines(text).ok).toBe(false);
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
    const rows = rowsOf('{"s":[1,0]}\n{"s":[0,1]}\n{"s":[1,0]}');
    expect(measureAccuracy(rows, 's', [0, 1, 1])).toEqual({ right: 2, of: 3 });
  });

  test('a long tensor shows its start and its length', () => {
    expect(previewValues([1, 2, 3], 2)).toBe('1, 2 … (3)');
  });
});
