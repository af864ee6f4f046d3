import { describe, expect, it } from 'vitest';
import type { TaskOptions } from '#protocol/tasks/task.ts';
import type { Tensor } from '#protocol/tensors/tensor.ts';

import { FAKE_SETTINGS } from './fake-repository.ts';
import { printAnswers } from './print.ts';
import { openAnswers } from './registry.ts';

const floats = (shape: number[], ...values: number[]): Tensor => ({
  ...{ dtype: 'f32', shape, data: new Uint8Array(Float32Array.from(values).buffer) },
});
const whole = (shape: number[], ...values: number[]): Tensor => ({
  ...{ dtype: 'i64', shape, data: new Uint8Array(BigInt64Array.from(values, BigInt).buffer) },
});
/** Answers to one output. */
function answer(
  options: TaskOptions,
  output: Tensor,
  { config = {}, ids = whole([1, 1], 2), mask = whole([1, 1], 1) } = {},
) {
  const settings = { ...FAKE_SETTINGS, config: { ...FAKE_SETTINGS.config, ...config } };
  const inputs = new Map([
    ['input_ids', ids],
    ['attention_mask', mask],
  ]);
  return openAnswers({ options, settings })({
    outputs: new Map([['y', output]]),
    inputs,
    from: 0,
  });
}

it('classes are the likeliest ones, by the names of the model or by their numbers', () => {
  const config = { id2label: { 0: 'NO', 1: 'YES' } };
  const logits = floats([2, 2], 0, Math.log(3), Math.log(3), 0);
  expect(answer({ name: 'text-classification' }, logits, { config })).toEqual([
    { labels: [{ label: 'YES', score: expect.closeTo(0.75) }] },
    { labels: [{ label: 'NO', score: expect.closeTo(0.75) }] },
  ]);
  const [first] = answer({ name: 'text-classification', topK: 5 }, logits);
  expect(first).toMatchObject({ labels: [{ label: 'LABEL_1' }, { label: 'LABEL_0' }] });
});

it('classes that do not exclude each other have each their own score', () => {
  const config = { problem_type: 'multi_label_classification' };
  const [found] = answer({ name: 'text-classification', topK: 2 }, floats([1, 2], 0, 0), {
    config,
  });
  expect(found).toMatchObject({ labels: [{ score: 0.5 }, { score: 0.5 }] });
});

it('labels that may be true together are judged apart', () => {
  const config = { id2label: { 0: 'contradiction', 1: 'neutral', 2: 'entailment' } };
  const rows = floats([1, 2, 3], 0, 9, Math.log(3), Math.log(3), 9, 0);
  const task = { name: 'zero-shot-classification', labels: ['a', 'b'] } as const;
  expect(answer({ ...task, labels: [...task.labels], multiLabel: true }, rows, { config })).toEqual(
    [
      {
        labels: [
          { label: 'a', score: expect.closeTo(0.75) },
          { label: 'b', score: expect.closeTo(0.25) },
        ],
      },
    ],
  );
});

it('vectors of tokens are those of the text, and not of what fills it up', () => {
  const output = floats([1, 3, 2], 1, 2, 3, 4, 5, 6);
  const mask = whole([1, 3], 1, 1, 0);
  expect(answer({ name: 'feature-extraction', pooling: 'none' }, output, { mask })).toEqual([
    {
      embeddings: [
        [1, 2],
        [3, 4],
      ],
    },
  ]);
});

it('tokens that the model adds are no words, and no labels are told of what is nothing', () => {
  const config = { id2label: { 0: 'O', 1: 'B-LOC' } };
  const output = floats([1, 3, 2], 0, 9, 0, 9, 9, 0);
  const given = { config, ids: whole([1, 3], 2, 5, 6), mask: whole([1, 3], 1, 1, 1) };
  expect(answer({ name: 'token-classification' }, output, given)).toEqual([
    { tokens: [{ entity: 'B-LOC', score: expect.closeTo(1, 3), index: 1, word: 'one' }] },
  ]);
});

it('a line has the name of its file, and says what failed in place of an answer', () => {
  const options: TaskOptions = { name: 'text-ranking' };
  const items = { outputs: new Map([['y', floats([2, 1], 0, 0)]]), inputs: new Map(), from: 0 };
  const error = { code: 'item-failed', message: 'x' };
  const extras = { files: ['a', 'b'], instead: new Map([[1, { error }]]) };
  const lines = printAnswers({ options, settings: FAKE_SETTINGS }, items, extras)
    .trim()
    .split('\n');
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    { file: 'a', score: 0.5 },
    { file: 'b', error },
  ]);
});

it('classes of a picture are the five likeliest, or as many as asked for', () => {
  const output = floats([1, 6], 0, 1, 2, 3, 4, 5);
  const [five] = answer({ name: 'image-classification' }, output) as [{ labels: unknown[] }];
  expect(five.labels).toHaveLength(5);
  const [one] = answer({ name: 'image-classification', topK: 1 }, output);
  expect(one).toMatchObject({ labels: [{ label: 'LABEL_5' }] });
});

it('a vector of a picture is flat, whatever axes of one the model gives it', () => {
  const output = floats([1, 2, 1, 1], 3, 4);
  expect(answer({ name: 'image-feature-extraction' }, output)).toEqual([{ embedding: [3, 4] }]);
});

describe('objects', () => {
  const config = { id2label: { 0: 'cat', 1: 'dog' } };
  const outputs = new Map([
    // Of three queries: a dog, nothing, and a cat that is not sure.
    ['logits', floats([1, 3, 3], 0, 9, 0, 0, 0, 9, 1, 0, 0)],
    ['pred_boxes', floats([1, 3, 4], 0.5, 0.5, 0.5, 1, 0, 0, 0, 0, 0.25, 0.25, 0.5, 0.5)],
  ]);
  const tell = (options: Partial<TaskOptions>, sizes?: { width: number; height: number }[]) => {
    const settings = { config, ...(sizes && { sizes }) };
    const task = { options: { name: 'object-detection' as const, ...options }, settings };
    return openAnswers(task)({ outputs, inputs: new Map(), from: 1 });
  };

  it('are those that are sure enough, in pixels of their picture', () => {
    const sizes = [
      { width: 1, height: 1 },
      { width: 100, height: 51 },
    ];
    const box = { xmin: 25, ymin: 0, xmax: 75, ymax: 51 };
    const dog = { label: 'dog', score: expect.closeTo(1, 3), box };
    expect(tell({}, sizes)).toEqual([{ objects: [dog] }]);
  });

  it('may be in parts of the picture, and less sure', () => {
    expect(tell({ percentage: true, threshold: 0.5 })).toMatchObject([
      { objects: [{ label: 'dog' }, { label: 'cat', box: { xmin: 0, ymin: 0, xmax: 0.5 } }] },
    ]);
  });
});
