import { afterAll, describe, expect, it } from 'vitest';
import { rawTensor, tensorAttribute } from '#protocol/onnx/model.ts';
import {
  intAttribute,
  intsAttribute,
  ROWS_TIMES_MEAN,
  type SampleNode,
  sampleModel,
} from '#protocol/onnx/sample-model.ts';
import type { TensorSpec } from '#protocol/tensors/tensor.ts';
import { isCoupled } from '../../core/kinds/graph-preparation.ts';
import { type ComputeWorker, openComputeWorker } from '../compute-workers.ts';
import { tryNeighbours } from './neighbours.ts';

const UNIT_ITEMS = 6;
const WIDTH = 4;
const over = (axis: number) => [intsAttribute('axes', axis)];
const on = (axis: number) => [intAttribute('axis', axis)];
const step = (
  op: string,
  attributes: NonNullable<SampleNode['attributes']>,
  { inputs = ['x'], output = 'y' } = {},
) => ({ op, inputs, output, attributes });
const int64 = (name: string, value: number) =>
  tensorAttribute(
    name,
    rawTensor('', {
      dtype: 'i64',
      dims: [],
      data: new Uint8Array(BigInt64Array.of(BigInt(value)).buffer),
    }),
  );

interface Model {
  nodes: readonly SampleNode[];
  inputs?: string[];
  batch?: number;
}

/** One worker for all models: starting one costs more than they do. */
let held: ComputeWorker | undefined;
afterAll(() => held?.close());

/** Runs two units of random rows, then tries their neighbours. */
async function tryModel({ nodes, inputs: names = ['x'], batch }: Model) {
  const model = sampleModel(nodes, {
    inputs: names,
    width: WIDTH,
    ...(batch === undefined ? {} : { batch }),
  });
  const inputs = names.map(
    (name): TensorSpec => ({ name, dtype: 'f32', shape: [UNIT_ITEMS, WIDTH] }),
  );
  const runtime = { kind: 'graph', graphOptimization: 'all', inputs, taps: [] } as const;
  const readModel = async () => new Uint8Array(model);
  const loading = { runtime, model: await readModel() };
  const worker = held ?? (await openComputeWorker(loading));
  if (held !== undefined) await worker.load(loading);
  const numbers = names.length * UNIT_ITEMS * WIDTH;
  const units: { inputs: Uint8Array; answer: Uint8Array }[] = [];
  let outputs: readonly TensorSpec[] = [];
  for (const phase of [0, 1]) {
    const values = Float32Array.from({ length: numbers }, (_, at) => Math.sin(at * 1.7 + phase));
    const unit = new Uint8Array(values.buffer);
    const ran = await worker.run(unit.slice(), 1);
    outputs = ran.outputs;
    units.push({ inputs: unit, answer: ran.bytes });
  }
  const subject = { readModel, runtime, unitItems: UNIT_ITEMS, outputs, units };
  const tried = await tryNeighbours(worker, subject);
  held = tried.worker;
  return tried.found.neighbours;
}

describe('a model whose rows do not see each other', () => {
  it.each<[string, Model]>([
    ['softmax within a row', { nodes: [step('Softmax', on(1))] }],
    [
      'a maximum within a row',
      { nodes: [step('ReduceMax', over(1)), step('Sub', [], { inputs: ['x', 'y'], output: 'z' })] },
    ],
    [
      'a sum of two inputs',
      { nodes: [step('Add', [], { inputs: ['a', 'b'] })], inputs: ['a', 'b'] },
    ],
    [
      'an exponential of a softmax',
      { nodes: [step('Softmax', on(-1)), step('Exp', [], { inputs: ['y'], output: 'z' })] },
    ],
  ])('is left as it is: %s', async (_what, model) => {
    const trial = await tryModel(model);
    expect(trial).toMatchObject({ runsAlone: true });
    expect(trial?.distances.length).toBeGreaterThan(2);
    expect(isCoupled(trial)).toBe(false);
  });

  it('is left as it is where it runs in whole batches alone', async () => {
    const trial = await tryModel({ nodes: [step('Softmax', on(1))], batch: UNIT_ITEMS });
    expect(trial).toMatchObject({ runsAlone: false });
    expect(trial?.distances.length).toBeGreaterThan(0);
    expect(isCoupled(trial)).toBe(false);
  });
});

describe('a model whose rows see each other', () => {
  const minus = (op: string) => [
    step(op, over(0)),
    step('Sub', [], { inputs: ['x', 'y'], output: 'z' }),
  ];
  it.each<[string, Model]>([
    ['softmax over the unit', { nodes: [step('Softmax', on(0))] }],
    ['the largest of the unit', { nodes: minus('ReduceMax') }],
    ['the smallest of the unit', { nodes: minus('ReduceMin') }],
    ['the mean of the unit', { nodes: minus('ReduceMean') }],
    ['a product with the mean', { nodes: ROWS_TIMES_MEAN }],
    [
      'a scale of the whole unit, as dynamic quantisation has',
      {
        nodes: [
          { op: 'DynamicQuantizeLinear', inputs: ['x'], output: 'q', more: ['s', 'z'] },
          step('DequantizeLinear', [], { inputs: ['q', 's', 'z'] }),
        ],
      },
    ],
    [
      'a running sum over the unit',
      {
        nodes: [
          { op: 'Constant', inputs: [], output: 'axis', attributes: [int64('value', 0)] },
          step('CumSum', [], { inputs: ['x', 'axis'] }),
        ],
      },
    ],
    [
      'the place in the unit',
      {
        nodes: [
          { op: 'Constant', inputs: [], output: 'axis', attributes: [int64('value', 0)] },
          step('Sub', [], { inputs: ['x', 'x'], output: 'zeros' }),
          step('Cos', [], { inputs: ['zeros'], output: 'ones' }),
          step('CumSum', [], { inputs: ['ones', 'axis'], output: 'places' }),
          step('Add', [], { inputs: ['x', 'places'] }),
        ],
      },
    ],
    [
      'the row that is largest, which has no row an item',
      {
        nodes: [
          step('ArgMax', on(0)),
          step('Cast', [intAttribute('to', 1)], { inputs: ['y'], output: 'z' }),
        ],
      },
    ],
    ['a log-softmax over the unit', { nodes: [step('LogSoftmax', on(0))] }],
    [
      'one of two inputs over the unit',
      {
        nodes: [
          step('ReduceMean', over(0), { inputs: ['b'], output: 'm' }),
          step('Add', [], { inputs: ['a', 'm'] }),
        ],
        inputs: ['a', 'b'],
      },
    ],
  ])('is found by running its items apart: %s', async (_what, model) => {
    const trial = await tryModel(model);
    expect(trial).toMatchObject({ runsAlone: true });
    expect(isCoupled(trial)).toBe(true);
  });

  it('is found where it runs in whole batches alone', async () => {
    const trial = await tryModel({ nodes: minus('ReduceMax'), batch: UNIT_ITEMS });
    expect(trial).toMatchObject({ runsAlone: false });
    expect(isCoupled(trial)).toBe(true);
  });
});
