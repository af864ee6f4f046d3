import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { specBytes, unitBytes } from '#protocol/tensors/tensor.ts';
import type { ModelFacts, ModelInput } from './check.ts';
import { chooseUnitItems, type InputTensor, matchInputs } from './inputs.ts';

const factsOf = (inputs: ModelInput[], over: Partial<ModelFacts> = {}): ModelFacts => ({
  inputs,
  outputs: [{ name: 'y', dtype: 'f32', dims: ['batch', 2] }],
  weightBytes: 1000,
  peakBytes: 1000,
  opset: 17,
  ops: [],
  movesOut: false,
  openLoops: false,
  ...over,
});

const image: ModelInput = { name: 'image', dtype: 'f32', dims: ['batch', 1, 8, 8], axis: 0 };
const ids: ModelInput = { name: 'ids', dtype: 'i64', dims: ['batch', 'length'], axis: 0 };
const mask: ModelInput = { name: 'mask', dtype: 'i64', dims: ['batch', 'length'], axis: 0 };

const upload = (tensors: Record<string, InputTensor>) => new Map(Object.entries(tensors));
const f32 = (...shape: number[]): InputTensor => ({ dtype: 'f32', shape });
const i64 = (...shape: number[]): InputTensor => ({ dtype: 'i64', shape });

describe('matchInputs', () => {
  it('cuts the sample job', () => {
    const match = matchInputs(factsOf([image]), upload({ inputs: f32(1797, 1, 8, 8) }));
    expect(match).toEqual({
      ok: true,
      value: {
        items: 1797,
        unitItems: 16,
        itemBytes: 256,
        specs: [{ name: 'image', dtype: 'f32', shape: [16, 1, 8, 8] }],
        sources: [{ name: 'inputs', itemAxis: 0 }],
        shared: [],
        single: false,
      },
    });
  });

  it('orders several inputs as the model does, and lets symbols take the size of the data', () => {
    const tensors = upload({ mask: i64(40, 128), ids: i64(40, 128) });
    expect(matchInputs(factsOf([ids, mask]), tensors, 4)).toMatchObject({
      value: {
        items: 40,
        specs: [
          { name: 'ids', shape: [4, 128] },
          { name: 'mask', shape: [4, 128] },
        ],
        sources: [
          { name: 'ids', itemAxis: 0 },
          { name: 'mask', itemAxis: 0 },
        ],
      },
    });
  });

  const fixed = factsOf([{ ...image, dims: [4, 1, 8, 8] }], {
    fixedBatch: 4,
  });

  it('follows a batch that the model fixes', () => {
    expect(matchInputs(fixed, upload({ a: f32(10, 1, 8, 8) }))).toMatchObject({
      value: { unitItems: 4, items: 10 },
    });
  });

  const two = factsOf([ids, mask]);
  const cases: [string, ModelFacts, Record<string, InputTensor>, string, RegExp][] = [
    ['another dtype', factsOf([image]), { a: i64(3, 1, 8, 8) }, 'input-dtype', /takes f32.*astype/],
    [
      'another rank',
      factsOf([image]),
      { a: f32(3, 64) },
      'input-shape',
      /\[batch, 1, 8, 8\].*Reshape/,
    ],
    [
      'another size',
      factsOf([image]),
      { a: f32(3, 1, 8, 9) },
      'input-shape',
      /dimension 3 must be 8/,
    ],
    ['no rows', factsOf([image]), { a: f32(0, 1, 8, 8) }, 'input-empty', /at least one/],
    ['empty items', two, { ids: i64(3, 0), mask: i64(3, 0) }, 'input-empty', /no values/],
    ['a scalar', factsOf([image]), { a: f32() }, 'input-shape', /counting items/],
    ['a tensor too few', two, { ids: i64(3, 5) }, 'input-name', /Nothing.*"mask"/],
    [
      'a tensor too many',
      factsOf([image]),
      { a: f32(1), b: f32(1) },
      'model-inputs-mismatch',
      /1 inputs/,
    ],
    ['nothing', factsOf([image]), {}, 'input-name', /none/],
    ['other names', two, { ids: i64(3, 5), extra: i64(3, 5) }, 'input-name', /"mask".*"extra"/],
    [
      'other counts',
      two,
      { ids: i64(3, 5), mask: i64(4, 5) },
      'input-shape',
      /same number of rows/,
    ],
    [
      'one symbol, two sizes',
      two,
      { ids: i64(3, 5), mask: i64(3, 6) },
      'input-shape',
      /"length" is 5/,
    ],
    [
      'items too big',
      factsOf([{ ...image, dims: ['n', 'm'] }]),
      { a: f32(2, 9e6) },
      'input-too-big',
      /smaller/,
    ],
  ];
  it.each(cases)('refuses %s', (...[, facts, tensors, code, words]) => {
    const match = matchInputs(facts, upload(tensors));
    expect(match).toMatchObject({ ok: false, refusal: { code } });
    expect(match.ok || match.refusal.message).toMatch(words);
  });

  const state: ModelInput = { name: 'state', dtype: 'f32', dims: [2, 'batch', 3], axis: 1 };
  const rows: ModelInput = { name: 'rows', dtype: 'f32', dims: ['batch', 3], axis: 0 };
  it.each([
    ['items first', [20, 2, 3], 0],
    ['items where the model has them', [2, 20, 3], 1],
    ['an axis more', [20, 2, 1, 3], 0],
  ])(
    'cuts units of one item where a batch is on another axis, with %s',
    (_what, shape, itemAxis) => {
      const facts = factsOf([rows, state]);
      const match = matchInputs(facts, upload({ rows: f32(20, 3), state: f32(...shape) }), 4);
      expect(match).toMatchObject({
        value: {
          ...{ items: 20, unitItems: 1, single: true, apart: 'state' },
          specs: [{ shape: [1, 3] }, { shape: [2, 1, 3] }],
          sources: [{ itemAxis: 0 }, { name: 'state', itemAxis }],
        },
      });
    },
  );

  it('refuses a shape whose items may be on two axes, and says which one tells', () => {
    const tensors = upload({ rows: f32(2, 3), state: f32(2, 2, 3) });
    const message = expect.stringMatching(/axis 0 or 1.*\[items, 2, 1, 3\]/);
    expect(matchInputs(factsOf([rows, state]), tensors)).toMatchObject({ refusal: { message } });
    const whole = upload({ rows: f32(2, 3), state: f32(2, 2, 1, 3) });
    expect(matchInputs(factsOf([rows, state]), whole).ok).toBe(true);
  });

  const rate: ModelInput = { name: 'sr', dtype: 'i64', dims: [], axis: undefined };
  it('takes an input without items once for all, or one an item', () => {
    const facts = factsOf([rows, rate]);
    expect(matchInputs(facts, upload({ rows: f32(40, 3), sr: i64() }))).toMatchObject({
      value: { unitItems: 16, single: false, shared: [{ name: 'sr' }], specs: [{ name: 'rows' }] },
    });
    expect(matchInputs(facts, upload({ rows: f32(40, 3), sr: i64(40) }))).toMatchObject({
      value: {
        unitItems: 1,
        single: true,
        apart: 'sr',
        shared: [],
        specs: [{}, { name: 'sr', shape: [] }],
      },
    });
    const missing = matchInputs(facts, upload({ rows: f32(40, 3) }));
    const message = expect.stringContaining('"shared": {"sr": 16000}');
    expect(missing).toMatchObject({ refusal: { code: 'input-name', message } });
  });

  it('takes inputs of fixed shapes as one item, or with an axis more as many', () => {
    const facts = factsOf([
      { ...rows, dims: [10, 4], axis: undefined },
      { ...rate, dims: [4] },
    ]);
    const once = upload({ rows: f32(10, 4), sr: i64(4) });
    expect(matchInputs(facts, once)).toMatchObject({ value: { items: 1, shared: [] } });
    const many = upload({ rows: f32(7, 10, 4), sr: i64(7, 4) });
    expect(matchInputs(facts, many, 8)).toMatchObject({ value: { items: 7, unitItems: 1 } });
    expect(matchInputs(fixed, upload({ a: f32(3, 4, 1, 8, 8) }))).toMatchObject({
      value: { items: 3, unitItems: 1, single: true },
    });
  });

  it('lets an input have a name in two sizes, and takes one without values beside others', () => {
    const odd = factsOf([
      { ...image, dims: ['', 3, '?', '?'] },
      { ...mask, dims: ['n', 's', 's'] },
    ]);
    const tensors = upload({ image: f32(2, 3, 48, 192), mask: i64(2, 5, 6) });
    expect(matchInputs(odd, tensors).ok).toBe(true);
    const past = factsOf([rows, { ...rows, name: 'past', dims: ['batch', 2, 'p', 4] }]);
    expect(matchInputs(past, upload({ rows: f32(8, 3), past: f32(8, 2, 0, 4) }))).toMatchObject({
      value: { items: 8, itemBytes: 12, specs: [{}, { shape: [16, 2, 0, 4] }] },
    });
  });

  it('refuses a unit size that the model cannot take', () => {
    const tensors = upload({ a: f32(10, 1, 8, 8) });
    for (const unitItems of [3, 0, 1.5, 5000]) {
      expect(matchInputs(fixed, tensors, unitItems)).toMatchObject({
        ok: false,
        refusal: { code: 'model-inputs-mismatch' },
      });
    }
  });

  it('gives specs whose bytes are the items of the upload', () => {
    const size = fc.integer({ min: 1, max: 9 });
    const shape = fc.tuple(fc.integer({ min: 1, max: 500 }), size, size);
    fc.assert(
      fc.property(shape, fc.integer({ min: 1, max: 64 }), ([items, a, b], unitItems) => {
        const input: ModelInput = { name: 'x', dtype: 'f16', dims: ['n', 'a', b], axis: 0 };
        const tensor: InputTensor = { dtype: 'f16', shape: [items, a, b] };
        const match = matchInputs(factsOf([input]), upload({ x: tensor }), unitItems);
        if (!match.ok) throw new Error(match.refusal.message);
        expect(match.value.itemBytes * items).toBe(specBytes(tensor));
        expect(unitBytes(match.value.specs)).toBe(match.value.itemBytes * unitItems);
      }),
    );
  });
});

describe('chooseUnitItems', () => {
  const choose = (weightBytes: number, itemBytes: number) =>
    chooseUnitItems(factsOf([image], { weightBytes }), itemBytes);

  it('suits the sample and the benchmark models', () => {
    expect(choose(257e3, 256)).toBe(16);
    expect(choose(90.9e6, 2048)).toBe(1);
    expect(choose(14e6, 602_112)).toBe(1);
  });

  it('is a power of two from 1 to 16', () => {
    const any = fc.integer({ min: 0, max: 2 ** 31 });
    fc.assert(
      fc.property(any, any, (weights, bytes) => {
        expect([1, 2, 4, 8, 16]).toContain(choose(weights, bytes));
      }),
    );
  });
});
