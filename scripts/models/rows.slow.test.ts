import { expect, it } from 'vitest';
import { decodeOnnx } from '#protocol/onnx/decode.ts';
import { encodeOnnx } from '#protocol/onnx/encode.ts';
import { openGraph } from '#protocol/onnx/graph.ts';
import { intAttribute, type OnnxModel } from '#protocol/onnx/model.ts';
import { chooseRows, groupRows, type RowOptions } from '#protocol/onnx/rows.ts';
import type { Tensor } from '#protocol/tensors/tensor.ts';
import { must } from '#protocol/values/refusal.ts';
import { runOnce } from './session.ts';

const floats = (shape: number[], ...values: number[]): Tensor => ({
  ...{ dtype: 'f32', shape, data: new Uint8Array(Float32Array.from(values).buffer) },
});
const whole = (shape: number[], ...values: number[]): Tensor => ({
  ...{ dtype: 'i64', shape, data: new Uint8Array(BigInt64Array.from(values, BigInt).buffer) },
});

/** A model that gives back its rows; its guide is read, so that the runtime keeps it. */
function rowsModel(...axes: string[]): OnnxModel {
  const graph = openGraph();
  graph.node('Identity', ['x'], { output: 'rows' });
  const inputs = [
    { name: 'x', dtype: 'f32' as const, dims: ['batch', ...axes] },
    { name: 'guide', dtype: 'i64' as const, dims: ['batch', 'sequence'] },
  ];
  const outputs = [{ name: 'rows', dtype: 'f32' as const, dims: ['batch', ...axes] }];
  return must(decodeOnnx(graph.encode({ name: 'rows', inputs, outputs })));
}

/** Two items of three rows, the last of the second one no row of its own. */
const ROWS = floats([2, 3, 2], 1, 2, 3, 4, 5, 9, 3, 4, 5, 6, 100, 100);
const MASK = whole([2, 3], 1, 1, 1, 1, 1, 0);
const IDS = whole([2, 3], 7, 8, 9, 9, 7, 0);
const base = { rows: 'rows', output: 'chosen' };

it.each<[string, RowOptions, Tensor | undefined, number[]]>([
  [
    'the mean of those that a mask names',
    { ...base, choice: 'mean', guide: 'guide' },
    MASK,
    [3, 5, 4, 5],
  ],
  ['the mean of all', { ...base, choice: 'all' }, undefined, [3, 5, 36, 110 / 3]],
  ['the first one', { ...base, choice: 'first' }, undefined, [1, 2, 3, 4]],
  [
    'the last one that a mask names',
    { ...base, choice: 'last', guide: 'guide' },
    MASK,
    [5, 9, 5, 6],
  ],
  ['the one of a token', { ...base, choice: { token: 9 }, guide: 'guide' }, IDS, [5, 9, 3, 4]],
  [
    'the first one at length 1',
    { ...base, choice: 'first', normalize: true },
    undefined,
    [0.4472, 0.8944, 0.6, 0.8],
  ],
])('the runtime chooses %s', async (_, ...[options, guide, wanted]) => {
  const model = encodeOnnx(chooseRows(rowsModel('sequence', 'width'), options));
  const { chosen } = await runOnce(model, { x: ROWS, guide: guide ?? MASK });
  expect([...(chosen ?? [])]).toEqual(wanted.map((value) => expect.closeTo(value, 3)));
});

it('the runtime brings a row that is one already to length 1', async () => {
  const options = { ...base, choice: 'only', normalize: true } as const;
  const model = encodeOnnx(chooseRows(rowsModel('width', 'one', 'one'), options));
  const { chosen } = await runOnce(model, {
    x: floats([1, 2, 1, 1], 3, 4),
    guide: whole([1, 1], 1),
  });
  expect([...(chosen ?? [])]).toEqual([expect.closeTo(0.6, 3), expect.closeTo(0.8, 3)]);
});

it('the runtime runs the rows of a group as items of their own', async () => {
  const graph = openGraph();
  graph.node('Cast', ['ids'], { output: 'logits', attributes: [intAttribute('to', 1)] });
  const inputs = [{ name: 'ids', dtype: 'i64' as const, dims: ['batch', 'sequence'] }];
  const outputs = [{ name: 'logits', dtype: 'f32' as const, dims: ['batch', 2] }];
  const model = must(decodeOnnx(graph.encode({ name: 'ids', inputs, outputs })));
  const grouped = groupRows(model, { inputs: ['ids'], output: 'logits', rows: 3, length: 2 });
  const ids = whole([2, 3, 2], ...Array.from({ length: 12 }, (_, at) => at));
  const found = await runOnce(encodeOnnx(grouped), { 'ids.rows': ids });
  expect([...(found['logits.rows'] ?? [])]).toEqual(Array.from({ length: 12 }, (_, at) => at));
  const [output] = grouped.graph.outputs;
  expect(output?.type).toMatchObject({ dims: ['batch', 3, 2] });
});
