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
  hasDynamicBatch: true,
  ...over,
});

const image: ModelInput = { name: 'image', dtype: 'f32', dims: ['batch', 1, 8, 8] };
const ids: ModelInput = { name: 'ids', dtype: 'i64', dims: ['batch', 'length'] };
const mask: ModelInput = { name: 'mask', dtype: 'i64', dims: ['batch', 'length'] };

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
        sources: ['inputs'],
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
        sources: ['ids', 'mask'],
      },
    });
  });

  const fixed = factsOf([{ ...image, dims: [4, 1, 8, 8] }], {
    hasDynamicBatch: false,
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
    ['empty items', two, { ids: i64(3, 0), mask: i64(3, 0) }, 'input-empty', /at least one/],
    ['a scalar', factsOf([image]), { a: f32() }, 'input-shape', /\[items, …\]/],
    ['a tensor too few', two, { ids: i64(3, 5) }, 'model-inputs-mismatch', /2 inputs.*"mask"/],
    [
      'a tensor too many',
      factsOf([image]),
      { a: f32(1), b: f32(1) },
      'model-inputs-mismatch',
      /1 inputs/,
    ],
    ['nothing', factsOf([image]), {}, 'model-inputs-mismatch', /none/],
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
        const input: ModelInput = { name: 'x', dtype: 'f16', dims: ['n', 'a', b] };
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
  const choose = (weightBytes: number, items: number, itemBytes: number) =>
    chooseUnitItems(factsOf([image], { weightBytes }), items, itemBytes);

  it('suits the sample and the benchmark models', () => {
    expect(choose(257e3, 1797, 256)).toBe(16);
    expect(choose(90.9e6, 1000, 2048)).toBe(1);
    expect(choose(14e6, 1000, 602_112)).toBe(1);
  });

  it('cuts a small job into units that devices can share', () => {
    expect(choose(1000, 10, 256)).toBe(1);
    expect(choose(1000, 40, 256)).toBe(4);
  });

  it('is a power of two from 1 to 16', () => {
    const any = fc.integer({ min: 0, max: 2 ** 31 });
    fc.assert(
      fc.property(any, any, any, (weights, items, bytes) => {
        expect([1, 2, 4, 8, 16]).toContain(choose(weights, items, bytes));
      }),
    );
  });
});
