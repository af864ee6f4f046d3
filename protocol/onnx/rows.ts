import type { Dtype } from '../tensors/tensor.ts';
import {
  intAttribute,
  intsAttribute,
  ONNX_DTYPES,
  type OnnxAttribute,
  type OnnxDimension,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  rawTensor,
} from './model.ts';

/** Operators whose axes are an input from these opsets on. */
const AXES_INPUT = { ReduceL2: 18, ReduceMean: 18, ReduceSum: 13 } as const;

const TO_F32 = { attributes: [intAttribute('to', ONNX_DTYPES.f32)] };

/** Which rows of a sequence make the one row of its item. */
export type RowChoice =
  /** The mean of those that the mask names. */
  | 'mean'
  /** The mean of all. */
  | 'all'
  | 'first'
  /** The last one that the mask names, which begins at the first. */
  | 'last'
  /** The one where the ids are this number. */
  | { token: number }
  /** The output is one row already. */
  | 'only';

/** Choices that need no guide. */
type Plain = 'all' | 'first' | 'only';

/** Which output is chosen from, how, and what the row is called. */
export type RowOptions = RowEnds &
  (
    | { choice: Plain }
    /** `guide` is the input that names rows: a mask of 0 and 1, or ids; [batch, sequence]. */
    | { choice: Exclude<RowChoice, Plain>; guide: string }
  );

interface RowEnds {
  /** The output with the rows: [batch, sequence, width]. */
  rows: string;
  /** Whether the row is brought to length 1. */
  normalize?: boolean;
  /** The name of the new output. */
  output: string;
}

/**
 * The model with one output alone: of each sequence one row, f32 [batch, width]. Rows are chosen by
 * a product with weights, which GPUs compute as well.
 */
export function chooseRows(model: OnnxModel, options: RowOptions): OnnxModel {
  const { rows, output } = options;
  const { graph } = model;
  const build = openBuild(model, `${output}/`);
  const value = build.node('Cast', [rows], TO_F32);
  const chosen = choose(build, value, options);
  const row = build.node('Reshape', [chosen, build.ints('row', 0, -1)]);
  build.node('Identity', [options.normalize === true ? normalize(build, row) : row], { output });
  const source = graph.outputs.find(({ name }) => name === rows)?.type;
  const [batch = 'batch', ...dims] = (source?.kind === 'tensor' ? source.dims : []) ?? [];
  const width = dims[options.choice === 'only' ? 0 : 1] ?? '';
  return finish(model, build, [{ name: output, dims: [batch, width] }]);
}

function choose(build: Build, value: string, options: RowOptions): string {
  switch (options.choice) {
    case 'only':
      return value;
    case 'all':
      return build.reduce('ReduceMean', value);
    case 'first': {
      const axis = { attributes: [intAttribute('axis', 1)] };
      return build.node('Gather', [value, build.ints('zero', 0)], axis);
    }
    default:
      return build.node('MatMul', [weigh(build, options.guide, options.choice), value]);
  }
}

/** Weights of rows: f32 [batch, 1, sequence]. */
function weigh(build: Build, guide: string, choice: Exclude<RowChoice, Plain>): string {
  const asRow = (name: string) => build.node('Reshape', [name, build.ints('weights', 0, 1, -1)]);
  const asFloat = (name: string) => build.node('Cast', [name], TO_F32);
  if (typeof choice === 'object') {
    const ids = build.node('Cast', [guide], { attributes: [intAttribute('to', ONNX_DTYPES.i64)] });
    return asRow(asFloat(build.node('Equal', [ids, build.ints('token', choice.token)])));
  }
  const mask = asFloat(guide);
  const total = build.reduce('ReduceSum', mask);
  if (choice === 'mean') return asRow(build.node('Div', [mask, total]));
  const counted = build.node('CumSum', [mask, build.scalar('axis', 1)]);
  const isLast = asFloat(build.node('Equal', [counted, total]));
  return asRow(build.node('Mul', [mask, isLast]));
}

function normalize(build: Build, row: string): string {
  const length = build.reduce('ReduceL2', row);
  const most = build.node('Max', [length, build.float('least', 1e-12)]);
  return build.node('Div', [row, most]);
}

/** Inputs of a model of pairs, for items that are groups of them. */
export interface GroupOptions {
  inputs: readonly string[];
  /** The output that is grouped: [batch, width]. */
  output: string;
  /** Rows of an item, and how long each is. */
  rows: number;
  length: number;
}

/**
 * The model for items that are groups of rows: inputs are [batch, rows, length], and its output
 * alone is [batch, rows, width].
 */
export function groupRows(model: OnnxModel, options: GroupOptions): OnnxModel {
  const { inputs, output, rows, length } = options;
  const { graph } = model;
  const build = openBuild(model, `${output}/`);
  const before = openBuild(model, 'group/');
  const dims = before.ints('rows', -1, length);
  const outer = graph.inputs.map((input) => {
    if (!inputs.includes(input.name) || input.type.kind !== 'tensor') return input;
    const name = `${input.name}.rows`;
    before.node('Reshape', [name, dims], { output: input.name });
    return { name, type: { ...input.type, dims: ['batch', rows, length] } };
  });
  const type = graph.outputs.find(({ name }) => name === output)?.type;
  const [, width = ''] = (type?.kind === 'tensor' ? type.dims : []) ?? [];
  const grouped = `${output}.rows`;
  const value = build.node('Cast', [output], TO_F32);
  const size = typeof width === 'number' ? width : -1;
  build.node('Reshape', [value, build.ints('grouped', -1, rows, size)], { output: grouped });
  const inner = {
    ...model,
    graph: {
      ...graph,
      inputs: outer,
      nodes: [...before.nodes, ...graph.nodes],
      initializers: [...graph.initializers, ...before.initializers],
    },
  };
  return finish(inner, build, [{ name: grouped, dims: ['batch', rows, width] }]);
}

interface Build {
  nodes: OnnxNode[];
  initializers: OnnxTensor[];
  node(
    op: string,
    inputs: string[],
    more?: { attributes?: OnnxAttribute[]; output?: string },
  ): string;
  /** Sums over the second axis, which stays with size 1. */
  reduce(op: keyof typeof AXES_INPUT, input: string): string;
  ints(name: string, ...values: number[]): string;
  scalar(name: string, value: number): string;
  float(name: string, value: number): string;
}

/** Collects nodes and constants whose names begin with a prefix that no other has. */
function openBuild({ graph, opsetImports }: OnnxModel, wish: string): Build {
  const opset = opsetImports.find(({ domain }) => domain === '' || domain === 'ai.onnx');
  const taken = [...graph.inputs, ...graph.initializers].map(({ name }) => name);
  const names = [...taken, ...graph.nodes.flatMap(({ name, outputs }) => [name, ...outputs])];
  let prefix = wish;
  while (names.some((name) => name.startsWith(prefix))) prefix = `_${prefix}`;
  const nodes: OnnxNode[] = [];
  const initializers: OnnxTensor[] = [];
  const add = (
    name: string,
    dtype: Dtype,
    { dims, data }: { dims: number[]; data: Uint8Array },
  ) => {
    const full = `${prefix}${name}`;
    if (!initializers.some((each) => each.name === full))
      initializers.push(rawTensor(full, { dtype, dims, data }));
    return full;
  };
  const node: Build['node'] = (op, inputs, more = {}) => {
    const { attributes = [], output = `${prefix}${nodes.length}` } = more;
    nodes.push({ name: output, opType: op, domain: '', inputs, outputs: [output], attributes });
    return output;
  };
  const ints: Build['ints'] = (name, ...values) =>
    add(name, 'i64', {
      dims: [values.length],
      data: new Uint8Array(BigInt64Array.from(values, BigInt).buffer),
    });
  return {
    ...{ nodes, initializers, node, ints },
    reduce: (op, input) =>
      (opset?.version ?? 0) >= AXES_INPUT[op]
        ? node(op, [input, ints('second', 1)])
        : node(op, [input], { attributes: [intsAttribute('axes', [1])] }),
    scalar: (name, value) =>
      add(name, 'i64', {
        dims: [],
        data: new Uint8Array(BigInt64Array.of(BigInt(value)).buffer),
      }),
    float: (name, value) =>
      add(name, 'f32', { dims: [], data: new Uint8Array(Float32Array.of(value).buffer) }),
  };
}

function finish(
  model: OnnxModel,
  { nodes, initializers }: Build,
  outputs: readonly { name: string; dims: OnnxDimension[] }[],
): OnnxModel {
  const { graph } = model;
  return {
    ...model,
    graph: {
      ...graph,
      nodes: [...graph.nodes, ...nodes],
      initializers: [...graph.initializers, ...initializers],
      outputs: outputs.map(({ name, dims }) => ({
        name,
        type: { kind: 'tensor', dataType: ONNX_DTYPES.f32, dims },
      })),
    },
  };
}
