import { accept, type Result, refuse } from '../values/refusal.ts';
import { dtypeOfOnnx, type OnnxModel, type OnnxNode, type OnnxValue } from './model.ts';

/** A model with some of its outputs; `left` names those left out because no unit can carry them. */
export interface ChosenOutputs {
  model: OnnxModel;
  left: string[];
}

/**
 * The model with the `wanted` outputs, or with those that are tensors of a dtype we carry where
 * others are beside them. Maps of scikit-learn (ZipMap) become the tensor they are made of, a
 * column for each class. Refuses with `model-outputs-unsupported` a name that is no output.
 */
export function chooseOutputs(given: OnnxModel, wanted?: readonly string[]): Result<ChosenOutputs> {
  const model = unzipMaps(given);
  const { outputs } = model.graph;
  const unknown = wanted?.find((name) => outputs.every((output) => output.name !== name));
  if (unknown !== undefined) {
    const names = outputs.map(({ name }) => `"${name}"`).join(', ');
    const message = `The model has no output "${unknown}"; its outputs are ${names}. Name some of them in outputs.`;
    return refuse('model-outputs-unsupported', message.slice(0, 600), 'outputs');
  }
  const carried = outputs.filter(isCarried);
  const kept = wanted === undefined ? carried : outputs.filter(({ name }) => wanted.includes(name));
  // Where none can be carried, the check of the model says why of the first.
  if (kept.length === 0 || kept.length === outputs.length) return accept({ model, left: [] });
  const left = outputs.filter((output) => wanted === undefined && !isCarried(output));
  return accept({
    model: { ...model, graph: { ...model.graph, outputs: kept } },
    left: left.map(({ name }) => name),
  });
}

const isCarried = ({ type }: OnnxValue): boolean =>
  type.kind === 'tensor' && dtypeOfOnnx(type.dataType) !== undefined;

/** A ZipMap at an end of the graph hands on its input: f32 [items, classes]. */
function unzipMaps(model: OnnxModel): OnnxModel {
  const { graph } = model;
  const ends = new Map<string, OnnxNode>();
  for (const node of graph.nodes) {
    const [end = ''] = node.outputs;
    if (node.opType === 'ZipMap' && graph.outputs.some(({ name }) => name === end)) {
      ends.set(end, node);
    }
  }
  const standard = model.opsetImports.some(({ domain }) => domain === '' || domain === 'ai.onnx');
  if (ends.size === 0 || !standard) return model;
  const first = graph.inputs[0]?.type;
  const items = first?.kind === 'tensor' ? (first.dims?.[0] ?? '') : '';
  const nodes = graph.nodes.map((node) =>
    ends.get(node.outputs[0] ?? '') === node
      ? { ...node, opType: 'Identity', domain: '', attributes: [] }
      : node,
  );
  const outputs = graph.outputs.map((output) => {
    const node = ends.get(output.name);
    if (node === undefined) return output;
    const type = { kind: 'tensor' as const, dataType: FLOAT, dims: [items, countClasses(node)] };
    return { ...output, type };
  });
  return { ...model, graph: { ...graph, nodes, outputs } };
}

const FLOAT = 1;

/** Classes have a number or a name each; without either their count is open. */
const countClasses = ({ attributes }: OnnxNode): number | string =>
  attributes
    .map(({ ints, strings }) => ints?.length ?? strings?.length ?? 0)
    .find((count) => count > 0) ?? '';
