import { type GraphBuilder, type GraphValue, openGraph } from '#protocol/onnx/graph.ts';
import {
  floatAttribute,
  intAttribute,
  intsAttribute,
  type OnnxAttribute,
  stringAttribute,
} from '#protocol/onnx/model.ts';
import { elementCount, type Tensor } from '#protocol/tensors/tensor.ts';
import { openRandom, type Random } from './random.ts';
import { drawWeights } from './weights.ts';

/** What a kernel model is built with: its graph and a seeded source of weights. */
interface Bench {
  graph: GraphBuilder;
  random: Random;
  /** Seeded float weights of deviation 1/√(product of all dimensions but the first). */
  weights(name: string, dims: number[]): string;
}

interface KernelPlan {
  /** Shape of one item of the input `x`. */
  item: number[];
  /** Shape of one item of each output; `build` makes values of these names. */
  outputs: Record<string, number[]>;
  build(bench: Bench): void;
}

/**
 * A small model around kernels of one kind; sizes are odd, so that the tails of vector loops run.
 */
export interface KernelModel {
  build(seed: number): { model: Uint8Array; parameters: number };
  /** Seeded normal items: `x` f32 [items, …item]. */
  inputs(seed: number, items: number): Record<'x', Tensor>;
}

const axis = (value: number) => ({ attributes: [intAttribute('axis', value)] });

const gemm: KernelPlan = {
  item: [57],
  outputs: { y: [19] },
  build({ graph, weights }) {
    const first = graph.node('Gemm', ['x', weights('w1', [57, 131]), weights('b1', [131])]);
    const bent = graph.node('Relu', [first]);
    const attributes = [intAttribute('transB', 1), floatAttribute('alpha', 0.7)];
    const second = graph.node('Gemm', [bent, weights('w2', [67, 131])], { attributes });
    graph.node('MatMul', [second, weights('w3', [67, 19])], { output: 'y' });
  },
};

const matmul: KernelPlan = {
  item: [33, 45],
  outputs: { y: [33, 77], scores: [33, 33] },
  build({ graph, weights }) {
    const turn = { attributes: [intsAttribute('perm', [0, 2, 1])] };
    graph.node('MatMul', ['x', graph.node('Transpose', ['x'], turn)], { output: 'scores' });
    const mixed = graph.node('MatMul', ['scores', 'x']);
    graph.node('MatMul', [mixed, weights('w', [45, 77])], { output: 'y' });
  },
};

const window = (kernel: number, rest: OnnxAttribute[] = []) => ({
  attributes: [intsAttribute('kernel_shape', [kernel, kernel]), ...rest],
});

const conv: KernelPlan = {
  item: [12, 29, 31],
  outputs: { y: [10, 15, 16], up: [6, 31, 33], pooled: [30, 7, 7] },
  build({ graph, weights }) {
    const pads = (size: number) => intsAttribute('pads', [size, size, size, size]);
    const strided = graph.node(
      'Conv',
      ['x', weights('w1', [30, 12, 3, 3]), weights('b1', [30])],
      window(3, [intsAttribute('strides', [2, 2]), pads(1)]),
    );
    const grouped = graph.node(
      'Conv',
      [graph.node('Relu', [strided]), weights('w2', [30, 10, 3, 3])],
      window(3, [intAttribute('group', 3), intsAttribute('dilations', [2, 2]), pads(2)]),
    );
    const depthwise = graph.node(
      'Conv',
      [grouped, weights('w3', [30, 1, 5, 5])],
      window(5, [intAttribute('group', 30), pads(2)]),
    );
    graph.node('Conv', [depthwise, weights('w4', [10, 30, 1, 1])], { output: 'y' });
    const step = [intsAttribute('strides', [2, 2])];
    graph.node('AveragePool', [depthwise], { ...window(3, step), output: 'pooled' });
    const wide = { ...window(3, step), output: 'up' };
    graph.node('ConvTranspose', ['y', weights('w5', [10, 6, 3, 3])], wide);
  },
};

/**
 * Many channels over a small plane: the sum is cut where the plane is, by the number of threads.
 */
const deep: KernelPlan = {
  item: [48, 8, 8],
  outputs: { y: [32, 8, 8] },
  build({ graph, weights }) {
    const pads = intsAttribute('pads', [1, 1, 1, 1]);
    graph.node('Conv', ['x', weights('w', [32, 48, 3, 3])], { ...window(3, [pads]), output: 'y' });
  },
};

const norm: KernelPlan = {
  item: [23, 61],
  outputs: { layer: [23, 61], soft: [23, 61], log: [23, 61], instance: [23, 61] },
  build({ graph, weights }) {
    const layer = ['x', weights('scale', [61]), weights('shift', [61])];
    graph.node('LayerNormalization', layer, { ...axis(-1), output: 'layer' });
    graph.node('Softmax', ['layer'], { ...axis(-1), output: 'soft' });
    graph.node('LogSoftmax', ['layer'], { ...axis(1), output: 'log' });
    const instance = ['x', weights('gain', [23]), weights('lift', [23])];
    graph.node('InstanceNormalization', instance, { output: 'instance' });
  },
};

const STEPS = 17;

const recurrent: KernelPlan = {
  item: [STEPS, 24],
  outputs: { gru: [STEPS, 43], lstm: [STEPS, 62] },
  build({ graph, weights }) {
    const steps = graph.node('Transpose', ['x'], {
      attributes: [intsAttribute('perm', [1, 0, 2])],
    });
    const cell = (op: string, hidden: number, ways: string) => {
      const gates = (op === 'GRU' ? 3 : 4) * hidden;
      const directions = ways === 'forward' ? 1 : 2;
      const inputs = [
        steps,
        weights(`${op}.w`, [directions, gates, 24]),
        weights(`${op}.r`, [directions, gates, hidden]),
        weights(`${op}.b`, [directions, 2 * gates]),
      ];
      const attributes = [intAttribute('hidden_size', hidden), stringAttribute('direction', ways)];
      const states = graph.node(op, inputs, { attributes });
      // [step, direction, batch, hidden] → [batch, step, direction · hidden]
      const items = graph.node('Transpose', [states], {
        attributes: [intsAttribute('perm', [2, 0, 1, 3])],
      });
      const shape = graph.integers(`${op}.shape`, [0, STEPS, directions * hidden]);
      graph.node('Reshape', [items, shape], { output: op.toLowerCase() });
    };
    cell('GRU', 43, 'forward');
    cell('LSTM', 31, 'bidirectional');
  },
};

const LONG = 4099;

const reduce: KernelPlan = {
  item: [7, LONG],
  outputs: { mean: [7], sum: [7], norm: [7], spread: [LONG], running: [7, LONG] },
  build({ graph }) {
    const over = (axes: number[]) => [intsAttribute('axes', axes), intAttribute('keepdims', 0)];
    graph.node('ReduceMean', ['x'], { attributes: over([2]), output: 'mean' });
    const last = graph.integers('last', [2]);
    const flat = [intAttribute('keepdims', 0)];
    graph.node('ReduceSum', ['x', last], { attributes: flat, output: 'sum' });
    graph.node('ReduceL2', ['x'], { attributes: over([2]), output: 'norm' });
    graph.node('ReduceLogSumExp', ['x'], { attributes: over([1]), output: 'spread' });
    graph.node('CumSum', ['x', last], { output: 'running' });
  },
};

const WIDE = 1031;
const CURVES = ['Erf', 'Exp', 'Tanh', 'Sigmoid', 'Softplus', 'Sin', 'Elu'];

const curves: KernelPlan = {
  item: [WIDE],
  outputs: {
    ...Object.fromEntries(CURVES.map((op) => [op.toLowerCase(), [WIDE]])),
    gelu: [WIDE],
    power: [WIDE],
    root: [WIDE],
  },
  build({ graph }) {
    const constant = (name: string, value: number) =>
      graph.floats(name, [], Float32Array.of(value));
    for (const op of CURVES) graph.node(op, ['x'], { output: op.toLowerCase() });
    const error = graph.node('Erf', [graph.node('Div', ['x', constant('root2', Math.SQRT2)])]);
    const raised = graph.node('Add', [error, constant('one', 1)]);
    const product = graph.node('Mul', ['x', raised]);
    graph.node('Mul', [product, constant('half', 0.5)], { output: 'gelu' });
    graph.node('Pow', ['exp', constant('exponent', 0.3)], { output: 'power' });
    graph.node('Sqrt', ['softplus'], { output: 'root' });
  },
};

const smallIntegers = (random: Random, count: number): Int8Array =>
  Int8Array.from({ length: count }, () => random.below(255) - 127);

/** Dynamic: the scale comes from all items of the unit. Fixed: scales are constants. */
const quantised: KernelPlan = {
  item: [83],
  outputs: { dynamic: [41], fixed: [41] },
  build({ graph, random }) {
    const scalar = (name: string, value: number) => graph.floats(name, [], Float32Array.of(value));
    const table = graph.bytes('w', [83, 41], smallIntegers(random, 83 * 41));
    const zero = graph.bytes('w.zero', [], Int8Array.of(0));
    const scale = scalar('w.scale', 0.01);
    const more = ['x.scale', 'x.zero'];
    const levels = graph.node('DynamicQuantizeLinear', ['x'], { more });
    const sums = graph.node('MatMulInteger', [levels, table, 'x.zero', zero]);
    const floats = graph.node('Cast', [sums], { attributes: [intAttribute('to', 1)] });
    const both = graph.node('Mul', ['x.scale', scale]);
    graph.node('Mul', [floats, both], { output: 'dynamic' });
    const step = scalar('step', 0.03);
    const middle = graph.bytes('middle', [], Uint8Array.of(128));
    const coarse = graph.node('QuantizeLinear', ['x', step, middle]);
    const outStep = scalar('out.step', 0.1);
    const product = graph.node('QLinearMatMul', [
      ...[coarse, step, middle],
      ...[table, scale, zero],
      ...[outStep, middle],
    ]);
    graph.node('DequantizeLinear', [product, outStep, middle], { output: 'fixed' });
  },
};

const resize: KernelPlan = {
  item: [5, 13, 17],
  outputs: { linear: [5, 29, 39], cubic: [5, 20, 26], mean: [5, 1, 1] },
  build({ graph }) {
    const scaled = (mode: string, by: number) => {
      const scales = graph.floats(`${mode}.scales`, [4], Float32Array.of(1, 1, by, by));
      const attributes = [stringAttribute('mode', mode)];
      graph.node('Resize', ['x', '', scales], { attributes, output: mode });
    };
    scaled('linear', 2.3);
    scaled('cubic', 1.55);
    graph.node('GlobalAveragePool', ['cubic'], { output: 'mean' });
  },
};

function makeModel(name: string, plan: KernelPlan): KernelModel {
  const build = (seed: number) => {
    const [graph, random] = [openGraph(), openRandom(seed)];
    const weights = (weight: string, dims: number[]) => {
      const fan = elementCount(dims.slice(1)) || 1;
      return graph.floats(
        weight,
        dims,
        drawWeights(random, elementCount(dims), 1 / Math.sqrt(fan)),
      );
    };
    plan.build({ graph, random, weights });
    const value = (each: string, item: number[]): GraphValue => ({
      name: each,
      dtype: 'f32',
      dims: ['batch', ...item],
    });
    const outputs = Object.entries(plan.outputs).map(([each, item]) => value(each, item));
    const model = graph.encode({ name, inputs: [value('x', plan.item)], outputs });
    return { model, parameters: graph.parameterCount() };
  };
  return {
    build,
    inputs(seed, items) {
      const random = openRandom(seed);
      const shape = [items, ...plan.item];
      const values = Float32Array.from({ length: elementCount(shape) }, () => random.normal());
      return { x: { dtype: 'f32', shape, data: new Uint8Array(values.buffer) } };
    },
  };
}

const PLANS = { gemm, matmul, conv, deep, norm, recurrent, reduce, curves, quantised, resize };

/** Small models that between them run the kernels the benchmark models do not, by name. */
export const KERNELS: Record<string, KernelModel> = Object.fromEntries(
  Object.entries(PLANS).map(([name, plan]) => [name, makeModel(name, plan)]),
);
