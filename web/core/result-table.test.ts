import { describe, expect, test } from 'vitest';
import type { TensorSpec } from '#protocol/tensors/tensor.ts';
import type { Answer, AnswerRow, FoundObject } from './answers.ts';
import { orderRows, PAGE_ROWS, searchRows, tabulate, windowItems } from './result-table.ts';

const outputs: TensorSpec[] = [{ name: 'y', dtype: 'f32', shape: [4, 3] }];
const labelled = (item: number, label: string, score: number): AnswerRow => ({
  item,
  file: `${label}.png`,
  answer: { kind: 'labels', labels: [{ label, score }] },
});
const failed: AnswerRow = { item: 9, answer: { kind: 'failed', error: 'it gives NaN' } };
const table = tabulate(
  [labelled(0, 'dog', 0.5), failed, labelled(1, 'cat', 0.9), labelled(10, 'ant', 0.5)],
  outputs,
);
const items = (rows: readonly { item: number }[]) => rows.map(({ item }) => item);

describe('a table of answers', () => {
  test('has the name of the file, the answer, and why an item has none', () => {
    expect(table.columns).toEqual(['Item', 'File', 'Label', 'Score', 'Others']);
    const [first, second] = table.rows;
    expect(first?.cells.slice(1, 3).map(({ text }) => text)).toEqual(['dog.png', 'dog']);
    expect(second).toMatchObject({ item: 9, error: 'it gives NaN' });
  });

  test('is sorted by a column, either way, with failed items last', () => {
    expect(items(orderRows(table.rows, { column: 3, isDown: true }))).toEqual([1, 0, 10, 9]);
    expect(items(orderRows(table.rows, { column: 2, isDown: false }))).toEqual([10, 1, 0, 9]);
    expect(items(orderRows(table.rows, { column: 0, isDown: true }))).toEqual([10, 9, 1, 0]);
  });

  test('is searched in all that it says', () => {
    expect(items(searchRows(table.rows, ' CAT '))).toEqual([1]);
    expect(items(searchRows(table.rows, 'nan'))).toEqual([9]);
    expect(searchRows(table.rows, '')).toBe(table.rows);
  });

  const box = { xmin: 0, ymin: 0, xmax: 1, ymax: 1 };
  const [dog, cat] = ['dog', 'cat'].map((label, at) => ({ label, score: 1 - at / 2, box })) as [
    FoundObject,
    FoundObject,
  ];
  test.each<[Answer, string]>([
    [{ kind: 'words', words: [{ label: 'cat', score: 1, sentence: 'a cat' }] }, 'a cat'],
    [
      { kind: 'tokens', tokens: [{ entity: 'LOC', score: 1, index: 1, word: 'rome' }] },
      'rome (LOC)',
    ],
    [{ kind: 'objects', objects: [dog, cat, dog] }, 'dog × 2, cat'],
    [{ kind: 'score', score: 0.25 }, '25'],
    [{ kind: 'vector', vector: [1, 2, 3] }, '1, 2, 3'],
    [{ kind: 'vectors', vectors: [[1], [2]] }, '2 vectors'],
    [{ kind: 'values', values: new Map([['y', [0, 9, 0]]]) }, '0, 9, 0'],
  ])('says %o in words, a cell for each column', (answer, words) => {
    const { columns, rows } = tabulate([{ item: 0, answer }], outputs);
    expect(rows[0]?.cells).toHaveLength(columns.length);
    expect(rows[0]?.cells.map(({ text }) => text).join('|')).toContain(words);
  });

  test('reads fewer items at once where each has many numbers', () => {
    expect(windowItems(outputs, 4)).toBe(2_000);
    const wide: TensorSpec[] = [{ name: 'y', dtype: 'f32', shape: [4, 1_000] }];
    expect(windowItems(wide, 4)).toBe(400);
    expect(windowItems([{ name: 'y', dtype: 'f32', shape: [1, 9_000_000] }], 1)).toBe(PAGE_ROWS);
  });
});
