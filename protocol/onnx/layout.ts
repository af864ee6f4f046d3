import { ONNX_DTYPES, type OnnxGraph, type OnnxNode } from './model.ts';

/** How a value is laid out: its number of axes, and the one whose places are channels. */
export interface Layout {
  rank: number;
  channelAxis: number;
}

/**
 * The layout of a value of a graph, as far as its operators tell; undefined where they do not. What
 * convolutions made has its channels second, everything else last.
 */
export function openLayouts(graph: OnnxGraph): (name: string) => Layout | undefined {
  const makers = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node])));
  const known = new Map<string, Layout | undefined>();
  const last = (rank: number): Layout => ({ rank, channelAxis: rank - 1 });
  for (const { name, type } of graph.inputs) {
    const dims = type.kind === 'tensor' ? type.dims : undefined;
    if (dims === undefined || type.kind !== 'tensor') continue;
    const floats = type.dataType === ONNX_DTYPES.f32;
    // A picture has its channels second.
    known.set(name, floats && dims.length === 4 ? { rank: 4, channelAxis: 1 } : last(dims.length));
  }
  for (const { name, dims } of graph.initializers) known.set(name, last(dims.length));
  const constants = new Map(graph.initializers.map((tensor) => [tensor.name, tensor]));

  const layoutOf = (name: string): Layout | undefined => {
    if (known.has(name)) return known.get(name);
    // Until it is known; a graph has no cycles.
    known.set(name, undefined);
    const maker = makers.get(name) as OnnxNode | undefined;
    const found = maker === undefined ? undefined : infer(maker);
    known.set(name, found);
    return found;
  };
  const infer = ({ opType, inputs }: OnnxNode): Layout | undefined => {
    const [first, second] = inputs.map((name) => (name === '' ? undefined : layoutOf(name)));
    switch (opType) {
      case 'Conv':
        return first === undefined ? undefined : { rank: first.rank, channelAxis: 1 };
      case 'Gemm':
      case 'Flatten':
        return last(2);
      case 'MatMul':
        return first && second && last(Math.max(first.rank, second.rank));
      case 'Gather':
        return first && second && last(first.rank + second.rank - 1);
      case 'Reshape':
        return shapeRank(inputs[1] ?? '');
      case 'Add':
      case 'Sub':
      case 'Mul':
      case 'Div':
        // The one of more axes gives the layout; the other is broadcast.
        return first && second && (second.rank > first.rank ? second : first);
      default:
        return KEEPING.has(opType) ? first : undefined;
    }
  };
  const shapeRank = (name: string): Layout | undefined => {
    const [rank] = constants.get(name)?.dims ?? [];
    return rank === undefined ? undefined : last(rank);
  };
  return layoutOf;
}

/** Operators whose output has the axes of their first input. */
const KEEPING = new Set(
  'Relu Clip Identity LayerNormalization BatchNormalization Softmax Erf Tanh Sigmoid Cast MaxPool AveragePool GlobalAveragePool Sqrt Pow HardSwish HardSigmoid LeakyRelu Gelu Elu'.split(
    ' ',
  ),
);
