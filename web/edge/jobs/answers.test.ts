import { describe, expect, test } from 'vitest';
import type { TaskName } from '#protocol/tasks/task.ts';
import { decodeAnswers } from './answers.ts';

const read = (task: TaskName | undefined, ...lines: unknown[]) =>
  decodeAnswers(lines.map((line) => JSON.stringify(line)).join('\n'), {
    ...{ task, named: true, from: 7 },
  });
const error = { code: 'item-failed', message: 'the item gives NaN' };

describe('lines of results', () => {
  test.each([
    ['feature-extraction', { embedding: [1, 2] }, { kind: 'vector', vector: [1, 2] }],
    ['feature-extraction', { embeddings: [[1], [2]] }, { kind: 'vectors', vectors: [[1], [2]] }],
    [
      'text-classification',
      { labels: [{ label: 'A', score: 0.5 }] },
      { kind: 'labels', labels: [{ label: 'A', score: 0.5 }] },
    ],
    ['text-ranking', { score: null }, { kind: 'score', score: Number.NaN }],
    [
      'fill-mask',
      { tokens: [{ score: 1, token: 3, token_str: 'cat', sequence: 'a cat' }] },
      { kind: 'words', words: [{ label: 'cat', score: 1, sentence: 'a cat' }] },
    ],
    [
      'token-classification',
      { tokens: [{ entity: 'LOC', score: 1, index: 2, word: 'paris' }] },
      { kind: 'tokens', tokens: [{ entity: 'LOC', score: 1, index: 2, word: 'paris' }] },
    ],
    [undefined, { y: [[1], [2]] }, { kind: 'values', values: new Map([['y', [1, 2]]]) }],
  ] as const)('of %s are read as what they are', (task, line, answer) => {
    expect(read(task, line)).toEqual({ ok: true, value: [{ item: 7, answer }] });
  });

  test('have the name of their file, and say what failed', () => {
    const box = { xmin: 0, ymin: 0, xmax: 1, ymax: 0.5 };
    const objects = [{ label: 'dog', score: 0.9, box }];
    expect(read('object-detection', { file: 'a.png', objects }, { file: 'b.png', error })).toEqual({
      ok: true,
      value: [
        { item: 7, file: 'a.png', answer: { kind: 'objects', objects } },
        { item: 8, file: 'b.png', answer: { kind: 'failed', error: error.message } },
      ],
    });
  });

  test('of tensors have an output that is called error, or file', () => {
    const named = { ...{ task: undefined, from: 0 }, named: true };
    expect(decodeAnswers('{"error":[3]}\n\n{"file":7}', named)).toEqual({
      ok: true,
      value: [
        { item: 0, answer: { kind: 'values', values: new Map([['error', [3]]]) } },
        { item: 1, answer: { kind: 'values', values: new Map([['file', [7]]]) } },
      ],
    });
  });

  test('that are no answers of the task are refused by their number', () => {
    expect(read('text-ranking', { score: 1 }, { embedding: [] })).toMatchObject({
      ok: false,
      refusal: { message: expect.stringContaining('Line 2') },
    });
    expect(decodeAnswers('{', { task: undefined, named: false, from: 0 }).ok).toBe(false);
    expect(read(undefined, [1]).ok).toBe(false);
  });
});
