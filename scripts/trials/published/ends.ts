import { dropDead } from '#protocol/onnx/dead.ts';
import {
  intAttribute,
  ONNX_DTYPES,
  type OnnxDimension,
  type OnnxModel,
  type OnnxNode,
  type OnnxValue,
} from '#protocol/onnx/model.ts';

/** What a task calls the ends of a graph, and the values of the published graph that they are. */
export interface Ends {
  inputs: Readonly<Record<string, string>>;
  output: { name: string; from: string; dims: OnnxDimension[] };
}

/**
 * A published graph with the ends that a task knows: its inputs have other names, a mask of bools is
 * one of numbers as tokenizers make it, and what comes behind the new output is gone. Throws where
 * the graph has no such value.
 */
export function renameEnds(model: OnnxModel, { inputs, output }: Ends): OnnxModel {
  const { graph } = model;
  const given = Object.entries(inputs).map(([name, from]) => {
    const value = graph.inputs.find((each) => each.name === from);
    if (value === undefined) throw new Error(`the published graph has no input ${from}`);
    return begin(name, value);
  });
  if (!graph.nodes.some(({ outputs }) => outputs.includes(output.from))) {
    throw new Error(`the published graph computes no ${output.from}`);
  }
  const { name, from, dims } = output;
  const type = { kind: 'tensor', dataType: ONNX_DTYPES.f32, dims } as const;
  const nodes = [...given.map(({ node }) => node), ...graph.nodes, nodeOf('Identity', from, name)];
  const ends = { inputs: given.map(({ value }) => value), outputs: [{ name, type }] };
  return { ...model, graph: dropDead({ ...graph, ...ends, nodes }) };
}

function begin(name: string, { name: to, type }: OnnxValue): { node: OnnxNode; value: OnnxValue } {
  if (type.kind !== 'tensor' || type.dataType !== ONNX_DTYPES.bool) {
    return { node: nodeOf('Identity', name, to), value: { name, type } };
  }
  const cast = { attributes: [intAttribute('to', ONNX_DTYPES.bool)] };
  const value = { name, type: { ...type, dataType: ONNX_DTYPES.i64 } };
  return { node: { ...nodeOf('Cast', name, to), ...cast }, value };
}

const nodeOf = (opType: string, from: string, to: string): OnnxNode => ({
  ...{ name: `to ${to}`, opType, domain: '' },
  ...{ inputs: [from], outputs: [to], attributes: [] },
});
