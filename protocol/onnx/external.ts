import { accept, fault, PocketgridError, type Result, refuse } from '../values/refusal.ts';
import type { OnnxExternal, OnnxGraph, OnnxModel, OnnxSparseTensor, OnnxTensor } from './model.ts';

/** A file that an exporter wrote beside a model. */
export interface DataFile {
  name: string;
  bytes: Uint8Array;
}

/**
 * The model with what it keeps in other files put into it. A file is found by its name, without
 * folders; the only one by whatever name. Tensors whose file was not sent stay as they are. Refuses
 * with `model-external-data` a file that no tensor names, or that is too short.
 */
export function mergeExternal(model: OnnxModel, files: readonly DataFile[]): Result<OnnxModel> {
  const wanted = new Set(externalFiles(model).map(baseOf));
  const single = files.length === 1 && wanted.size === 1;
  const byName = new Map(files.map((file) => [baseOf(file.name), file]));
  const foreign = single ? undefined : files.find(({ name }) => !wanted.has(baseOf(name)));
  if (foreign !== undefined) return refuseForeign(foreign, [...wanted]);
  try {
    const graph = mapTensors(model.graph, (tensor) => {
      const { external, ...rest } = tensor;
      const file = external && (single ? files[0] : byName.get(baseOf(external.location)));
      if (external === undefined || file === undefined) return tensor;
      return { ...rest, storage: 'raw', data: cut(file, external, tensor.name) };
    });
    return accept({ ...model, graph });
  } catch (cause) {
    if (cause instanceof PocketgridError) return { ok: false, refusal: cause.refusal };
    throw cause;
  }
}

/** The files that a model keeps data in, as it names them: by their place from its own folder. */
export function externalFiles(model: OnnxModel): string[] {
  const files = new Set<string>();
  mapTensors(model.graph, (tensor) => {
    if (tensor.external !== undefined) files.add(tensor.external.location);
    return tensor;
  });
  return [...files];
}

const baseOf = (path: string): string => path.replace(/^.*[/\\]/, '');

function refuseForeign({ name }: DataFile, wanted: readonly string[]): Result<never> {
  const listed = wanted.slice(0, 5).join(', ');
  const why =
    wanted.length === 0
      ? 'the model holds all its weights itself; leave this file out'
      : `the model keeps its data in ${listed}; send ${wanted.length === 1 ? 'that' : 'those'}`;
  return refuse('model-external-data', `${name} is no part of the model: ${why}`, name);
}

function cut(file: DataFile, { offset = 0, length }: OnnxExternal, tensor: string): Uint8Array {
  const end = length === undefined ? file.bytes.length : offset + length;
  if (offset <= end && end <= file.bytes.length) return file.bytes.subarray(offset, end);
  const message = `${file.name} has ${file.bytes.length} bytes, and tensor "${tensor}" lies at ${offset} to ${end}; send the file that was exported with this model`;
  throw fault('model-external-data', message);
}

/** A graph with each tensor changed, those of attributes and of the graphs inside it too. */
function mapTensors(graph: OnnxGraph, change: (tensor: OnnxTensor) => OnnxTensor): OnnxGraph {
  const inSparse = (sparse: OnnxSparseTensor): OnnxSparseTensor => ({
    ...sparse,
    ...(sparse.values && { values: change(sparse.values) }),
    ...(sparse.indices && { indices: change(sparse.indices) }),
  });
  const inGraph = (inner: OnnxGraph) => mapTensors(inner, change);
  return {
    ...graph,
    initializers: graph.initializers.map(change),
    sparseInitializers: graph.sparseInitializers.map(inSparse),
    nodes: graph.nodes.map((node) => ({
      ...node,
      attributes: node.attributes.map((attribute) => ({
        ...attribute,
        ...(attribute.tensor && { tensor: change(attribute.tensor) }),
        ...(attribute.tensors && { tensors: attribute.tensors.map(change) }),
        ...(attribute.sparseTensor && { sparseTensor: inSparse(attribute.sparseTensor) }),
        ...(attribute.sparseTensors && { sparseTensors: attribute.sparseTensors.map(inSparse) }),
        ...(attribute.graph && { graph: inGraph(attribute.graph) }),
        ...(attribute.graphs && { graphs: attribute.graphs.map(inGraph) }),
      })),
    })),
  };
}
