import { decodeHalf, encodeHalf } from '../../bytes/float16.ts';
import {
  ONNX_DTYPES,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
} from '../model.ts';

/** A weight of a layer: a 32-bit float tensor of two dimensions or more. */
interface Weight {
  tensor: OnnxTensor;
  /** The axis whose places are the layer's output channels; the others are summed over. */
  channelAxis: number;
}

/** How the values of one weight are replaced: one number out for each number in. */
type Replace = (values: Float32Array, shape: { dims: number[]; channelAxis: number }) => void;

/** Weights of Conv, Gemm and MatMul, in the order of their layers, each once. */
export function listWeights({ nodes, initializers }: OnnxGraph): Weight[] {
  const tensors = new Map(initializers.map((tensor) => [tensor.name, tensor]));
  const found = new Map<string, Weight>();
  for (const node of nodes) {
    const channelAxis = channelAxisOf(node);
    const tensor = tensors.get(node.inputs[1] ?? '');
    const usable =
      tensor?.dataType === ONNX_DTYPES.f32 &&
      tensor.external === undefined &&
      (tensor.storage === 'raw' || tensor.storage === 'float') &&
      tensor.dims.length >= 2;
    if (channelAxis === undefined || tensor === undefined || !usable) continue;
    const axis = channelAxis < 0 ? tensor.dims.length + channelAxis : channelAxis;
    if (!found.has(tensor.name)) found.set(tensor.name, { tensor, channelAxis: axis });
  }
  return [...found.values()];
}

function channelAxisOf({ opType, attributes }: OnnxNode): number | undefined {
  if (opType === 'Conv') return 0;
  if (opType === 'MatMul') return -1;
  if (opType !== 'Gemm') return undefined;
  return attributes.find(({ name }) => name === 'transB')?.int === 1 ? 0 : 1;
}

/** The model with some weights replaced; the others are shared with the original. */
function replaceWeights(model: OnnxModel, weights: readonly Weight[], replace: Replace): OnnxModel {
  const replaced = new Map(
    weights.map(({ tensor, channelAxis }) => {
      const values = new Float32Array(Uint8Array.from(tensor.data).buffer);
      replace(values, { dims: tensor.dims, channelAxis });
      const data = new Uint8Array(values.buffer);
      return [tensor.name, { ...tensor, data }];
    }),
  );
  const initializers = model.graph.initializers.map(
    (tensor) => replaced.get(tensor.name) ?? tensor,
  );
  return { ...model, graph: { ...model.graph, initializers } };
}

/** Where a place of a row-major tensor lies: its channel, and its number among that channel's. */
function openPlaces(dims: readonly number[], channelAxis: number) {
  const channels = dims[channelAxis] ?? 1;
  const inner = dims.slice(channelAxis + 1).reduce((product, size) => product * size, 1);
  return {
    channels,
    channelOf: (place: number) => Math.floor(place / inner) % channels,
    termOf: (place: number) => Math.floor(place / (inner * channels)) * inner + (place % inner),
  };
}

export type Grouping = 'tensor' | 'channel' | { block: number };

/**
 * Weights rounded to so many steps each way of zero and back: what a runtime computes from int8
 * (127 steps) or 4-bit (7 steps) weights. A group shares one scale, its largest magnitude ÷ steps;
 * a block is a run of terms within one output channel, as in MatMulNBits.
 */
export function quantizeWeights(model: OnnxModel, steps: number, grouping: Grouping): OnnxModel {
  return replaceWeights(model, listWeights(model.graph), (values, { dims, channelAxis }) => {
    const { channels, channelOf, termOf } = openPlaces(dims, channelAxis);
    const groupOf = (place: number): number => {
      if (grouping === 'tensor') return 0;
      if (grouping === 'channel') return channelOf(place);
      return Math.floor(termOf(place) / grouping.block) * channels + channelOf(place);
    };
    const largest = new Float64Array(groupCount(values.length, channels, grouping));
    for (const [place, value] of values.entries()) {
      const group = groupOf(place);
      largest[group] = Math.max(largest[group] ?? 0, Math.abs(value));
    }
    for (const [place, value] of values.entries()) {
      const scale = (largest[groupOf(place)] ?? 0) / steps;
      values[place] = scale === 0 ? 0 : Math.round(value / scale) * scale;
    }
  });
}

function groupCount(length: number, channels: number, grouping: Grouping): number {
  if (grouping === 'tensor') return 1;
  if (grouping === 'channel') return channels;
  return Math.ceil(length / channels / grouping.block) * channels;
}

/** Weights rounded to 16-bit floats. */
export const halveWeights = (model: OnnxModel): OnnxModel =>
  replaceWeights(model, listWeights(model.graph), (values) => {
    for (const [place, value] of values.entries()) values[place] = decodeHalf(encodeHalf(value));
  });

/** Zeros the quarter of each layer's output channels with the least norm, but for the last. */
export const pruneChannels = (model: OnnxModel): OnnxModel =>
  replaceWeights(model, listWeights(model.graph).slice(0, -1), (values, { dims, channelAxis }) => {
    const { channels, channelOf } = openPlaces(dims, channelAxis);
    const squares = new Float64Array(channels);
    for (const [place, value] of values.entries()) {
      const channel = channelOf(place);
      squares[channel] = (squares[channel] ?? 0) + value * value;
    }
    const order = [...squares.keys()].sort((a, b) => (squares[a] ?? 0) - (squares[b] ?? 0));
    const pruned = new Set(order.slice(0, Math.floor(channels / 4)));
    for (const place of values.keys()) if (pruned.has(channelOf(place))) values[place] = 0;
  });
