import { TAPS_MAX } from '../models/package.ts';
import { accept, type Result, refuse } from '../values/refusal.ts';
import { openLayouts } from './layout.ts';
import {
  intAttribute,
  intsAttribute,
  ONNX_DTYPES,
  type OnnxModel,
  type OnnxNode,
  rawTensor,
} from './model.ts';
import { listResiduals } from './residuals.ts';

/** ReduceMean takes its axes as an input from this opset on. */
const OPSET_AXES_INPUT = 18;

/** Layers whose outputs stand for a depth where there are no residual blocks. */
const LAYERS = new Set(['Conv', 'Gemm', 'MatMul']);

/** Finding the depths of a graph takes the square of its nodes at worst. */
const NODES_MAX = 5_000;

/**
 * The model with up to four outputs more: what is inside at a quarter, a half, three quarters and
 * the end of its depth, the mean over every axis but items and channels, f32 [batch, channels].
 * Depth counts residual blocks, else layers. The last one follows the final normalisation where
 * there is one: before and after it, distances differ a thousandfold (reference/verification.md
 * §3.3). Refused where the graph has no place for them.
 */
export function addTaps(model: OnnxModel): Result<{ model: OnnxModel; taps: string[] }> {
  const { graph } = model;
  if (graph.nodes.length > NODES_MAX) {
    return refuse(
      'model-outputs-unsupported',
      `The model has ${graph.nodes.length} nodes; taps are added to ${NODES_MAX} at most. Post it without taps, or simplify it first (onnxsim).`,
    );
  }
  const sources = chooseSources(model);
  if (sources.length === 0) {
    return refuse(
      'model-outputs-unsupported',
      'The model has no place for taps: no layer (Conv, Gemm, MatMul) or residual block whose shape the graph tells. Post it without taps, or export it with fixed axes.',
    );
  }
  const prefix = freePrefix(model);
  const layoutOf = openLayouts(graph);
  const opset = model.opsetImports.find(({ domain }) => domain === '' || domain === 'ai.onnx');
  const asInput = (opset?.version ?? 0) >= OPSET_AXES_INPUT;
  const nodes: OnnxNode[] = [];
  const initializers = [...graph.initializers];
  const taps = sources.map((source, number) => {
    const name = `${prefix}${number}`;
    const { rank = 2, channelAxis = 1 } = layoutOf(source) ?? {};
    const axes = Array.from({ length: rank }, (_, axis) => axis).filter(
      (axis) => axis > 0 && axis !== channelAxis,
    );
    if (axes.length > 0 && asInput) {
      const data = new Uint8Array(BigInt64Array.from(axes, BigInt).buffer);
      initializers.push(rawTensor(`${name}/axes`, { dtype: 'i64', dims: [axes.length], data }));
    }
    nodes.push({
      name,
      opType: axes.length > 0 ? 'ReduceMean' : 'Identity',
      domain: '',
      inputs: axes.length > 0 && asInput ? [source, `${name}/axes`] : [source],
      outputs: [name],
      attributes: [
        ...(axes.length > 0 ? [intAttribute('keepdims', 0)] : []),
        ...(axes.length > 0 && !asInput ? [intsAttribute('axes', axes)] : []),
      ],
    });
    return name;
  });
  const outputs = [
    ...graph.outputs,
    ...taps.map((name) => ({
      name,
      type: {
        kind: 'tensor' as const,
        dataType: ONNX_DTYPES.f32,
        dims: ['batch', `${name}_channels`],
      },
    })),
  ];
  const tapped = { ...graph, nodes: [...graph.nodes, ...nodes], initializers, outputs };
  return accept({ model: { ...model, graph: tapped }, taps });
}

/** The model without these outputs: a short cut through it need not keep them. */
export function removeTaps(model: OnnxModel, taps: readonly string[]): OnnxModel {
  const outputs = model.graph.outputs.filter(({ name }) => !taps.includes(name));
  return { ...model, graph: { ...model.graph, outputs } };
}

/** The values at each quarter of the depth whose layout is known, the deepest last. */
function chooseSources(model: OnnxModel): string[] {
  const layoutOf = openLayouts(model.graph);
  const depths = listDepths(model).filter((name) => (layoutOf(name)?.rank ?? 0) >= 2);
  const places = Array.from({ length: TAPS_MAX }, (_, quarter) =>
    Math.max(0, Math.ceil((depths.length * (quarter + 1)) / TAPS_MAX) - 1),
  );
  return [...new Set(places)].flatMap((place) => depths[place] ?? []);
}

/** `tap`, with as many underscores as it takes for no value or node of the model to begin so. */
function freePrefix({ graph }: OnnxModel): string {
  const names = [
    ...graph.inputs.map(({ name }) => name),
    ...graph.initializers.map(({ name }) => name),
    ...graph.nodes.flatMap(({ name, outputs }) => [name, ...outputs]),
  ];
  let prefix = 'tap';
  while (names.some((name) => name.startsWith(prefix))) prefix += '_';
  return prefix;
}

/** Values by depth: what each residual block, else each layer, hands on. */
function listDepths({ graph }: OnnxModel): string[] {
  const blocks = listResiduals(graph).map(({ output }) => output);
  const weights = new Set(graph.initializers.map(({ name }) => name));
  const isLayer = ({ opType, inputs }: OnnxNode) =>
    LAYERS.has(opType) && weights.has(inputs[1] ?? '');
  const depths =
    blocks.length >= TAPS_MAX
      ? blocks
      : graph.nodes.filter(isLayer).flatMap(({ outputs }) => outputs.slice(0, 1));
  return depths.map((name) => normalised(graph.nodes, name));
}

/** The normalisation that alone follows a value, where there is one. */
function normalised(nodes: readonly OnnxNode[], name: string): string {
  const users = nodes.filter(({ inputs }) => inputs.includes(name));
  const [user] = users;
  if (users.length !== 1 || user?.opType !== 'LayerNormalization') return name;
  return user.outputs[0] ?? name;
}
