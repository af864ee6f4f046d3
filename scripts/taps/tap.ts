import { TAPS_MAX } from '#protocol/fingerprint.ts';
import {
  intAttribute,
  intsAttribute,
  ONNX_DTYPES,
  type OnnxModel,
  type OnnxNode,
  rawTensor,
} from '#protocol/onnx/model.ts';
import { listResiduals } from '../decoys/residuals.ts';
import { openLayouts } from './layout.ts';

/** ReduceMean takes its axes as an input from this opset on. */
const OPSET_AXES_INPUT = 18;

/** Layers whose outputs stand for a depth where there are no residual blocks. */
const LAYERS = new Set(['Conv', 'Gemm', 'MatMul']);

/**
 * The model with up to four outputs more: what is inside at a quarter, a half, three quarters and the
 * end of its depth, the mean over every axis but items and channels, f32 [batch, channels]. Depth
 * counts residual blocks, else layers. The last one follows the final normalisation where there is
 * one: before and after it, distances differ a thousandfold (reference/verification.md §3.3).
 * The values of the model's own outputs stay as they are. Undefined where no layout can be told.
 */
export function addTaps(model: OnnxModel): { model: OnnxModel; taps: string[] } | undefined {
  const { graph } = model;
  const layoutOf = openLayouts(graph);
  const depths = listDepths(model).filter((name) => (layoutOf(name)?.rank ?? 0) >= 2);
  const places = Array.from({ length: TAPS_MAX }, (_, quarter) =>
    Math.max(0, Math.ceil((depths.length * (quarter + 1)) / TAPS_MAX) - 1),
  );
  const chosen = [...new Set(places)].flatMap((place) => depths[place] ?? []);
  if (chosen.length === 0) return undefined;
  const opset = model.opsetImports.find(({ domain }) => domain === '' || domain === 'ai.onnx');
  const nodes: OnnxNode[] = [];
  const initializers = [...graph.initializers];
  const taps = chosen.map((source, number) => {
    const name = `tap${number}`;
    const { rank = 2, channelAxis = 1 } = layoutOf(source) ?? {};
    const axes = Array.from({ length: rank }, (_, axis) => axis).filter(
      (axis) => axis > 0 && axis !== channelAxis,
    );
    const asInput = (opset?.version ?? 0) >= OPSET_AXES_INPUT;
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
  return { model: { ...model, graph: tapped }, taps };
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
