import { describe, expect, it } from 'vitest';
import type { OnnxDimension } from '#protocol/onnx/model.ts';
import { findBatch } from './batch.ts';

type Dims = OnnxDimension[];
const find = (inputs: Dims[], outputs: Dims[] = [], asked: Record<string, number> = {}) =>
  findBatch(
    inputs.map((dims, at) => ({ name: `in${at}`, dims })),
    outputs.map((dims) => ({ dims })),
    asked,
  );
/** The axes of the inputs, the fixed size, and whether an output moves. */
function told(...args: Parameters<typeof find>) {
  const found = find(...args);
  if (!found.ok) throw new Error(found.refusal.message);
  const { inputs, fixedBatch, movesOut } = found.value;
  return [inputs.map(({ axis }) => axis), fixedBatch, movesOut];
}
const NONE = undefined;

describe('findBatch reads the axes', () => {
  it.each<[string, Dims[], (number | undefined)[], number | undefined]>([
    ['named first', [['batch', 3]], [0], NONE],
    [
      'named first by any name',
      [
        ['n', 3],
        ['n', 'm'],
      ],
      [0, 0],
      NONE,
    ],
    ['without names', [['', 3]], [0], NONE],
    ['of four names', [['batch_size', 'num_channels', 'height', 'width']], [0], NONE],
    [
      'of a batch on axis 0 here and on axis 1 there',
      [
        ['batch', 576],
        [2, 'batch', 128],
      ],
      [0, 1],
      NONE,
    ],
    ['of a batch that another name leads', [['seq', 'batch', 40]], [1], NONE],
    [
      'of a first name that comes again behind a size',
      [
        ['b', 3],
        [2, 'b', 3],
      ],
      [0, 1],
      NONE,
    ],
    ['of what all items share', [['batch', 3], [], [5, 5]], [0, NONE, NONE], NONE],
    ['of positions beside a batch of sequences', [['batch', 'seq'], ['seq']], [0, NONE], NONE],
    [
      'of an initial state for one item',
      [
        ['batch', 576],
        [2, 1, 128],
      ],
      [0, 1],
      1,
    ],
    [
      'fixed at one item',
      [
        [1, 576],
        [2, 1, 128],
      ],
      [0, 1],
      1,
    ],
    ['fixed at one item beside a number', [[1, 576], []], [0, NONE], 1],
    [
      'fixed at several items',
      [
        [8, 4],
        [8, 2],
      ],
      [0, 0],
      8,
    ],
    ['fixed at no number of items', [[10, 4], [4]], [NONE, NONE], NONE],
  ])('%s', (...[, inputs, axes, fixed]) => {
    expect(told(inputs)).toEqual([axes, fixed, false]);
  });

  it('of a size that outputs do not have as no batch', () => {
    expect(told([[8, 4]], [[1, 4]])).toEqual([[NONE], NONE, false]);
    expect(told([[8, 4]], [[]])).toEqual([[NONE], NONE, false]);
    expect(told([[8, 4]], [[8, 2]])).toEqual([[0], 8, false]);
    expect(told([[1, 4]], [[20, 1, 7]])).toEqual([[0], 1, false]);
  });

  it('of outputs whose items are elsewhere', () => {
    expect(told([['batch', 3]], [[2, 'batch', 3]])).toEqual([[0], NONE, true]);
    expect(told([['n', 3]], [[2, 'm', 3]])).toEqual([[0], NONE, true]);
    expect(told([['n', 3]], [['m', 3]])).toEqual([[0], NONE, false]);
  });

  it('that the developer names before those that it would find', () => {
    expect(
      told(
        [
          ['a', 'b', 40],
          ['b', 2],
        ],
        [],
        { in0: 1 },
      ),
    ).toEqual([[1, 0], NONE, false]);
    expect(told([['a', 'b', 40]], [['a', 'b']], { in0: 1 })).toEqual([[1], NONE, true]);
  });
});

it('findBatch refuses an axis of no input, and names those there are', () => {
  for (const asked of [{ in0: 2 }, { other: 0 }]) {
    const message = expect.stringMatching(/batchAxis\..*its inputs are "in0" \[n, 3\]/);
    expect(find([['n', 3]], [], asked)).toMatchObject({ ok: false, refusal: { message } });
  }
});
