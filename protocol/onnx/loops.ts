import {
  intAttribute,
  ONNX_DTYPES,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
  rawTensor,
} from './model.ts';

/**
 * The model with every Loop bounded: one that begins its round number `most`, counted from 0, fails
 * with an error of the runtime (Gather, indices out of bounds). Rounds before that are as they were.
 */
export const boundLoops = (model: OnnxModel, most: number): OnnxModel => ({
  ...model,
  graph: boundGraph(model.graph, most),
});

const boundGraph = (graph: OnnxGraph, most: number): OnnxGraph => ({
  ...graph,
  nodes: graph.nodes.map((node) => boundNode(node, most)),
});

function boundNode(node: OnnxNode, most: number): OnnxNode {
  const attributes = node.attributes.map((attribute) => {
    const { name, graph, graphs } = attribute;
    if (graph === undefined && graphs === undefined) return attribute;
    const bound = graph && boundGraph(graph, most);
    const isBody = node.opType === 'Loop' && name === 'body' && bound !== undefined;
    return {
      ...attribute,
      ...(bound && { graph: isBody ? guardBody(bound, most) : bound }),
      ...(graphs && { graphs: graphs.map((each) => boundGraph(each, most)) }),
    };
  });
  return { ...node, attributes };
}

/** A body whose condition looks up the only element of a list: past the last round, the second. */
function guardBody(body: OnnxGraph, most: number): OnnxGraph {
  const [round] = body.inputs;
  const [condition, ...others] = body.outputs;
  if (round === undefined || condition === undefined) return body;
  const name = freeName(body);
  const step = (opType: string, inputs: string[], output: string): OnnxNode => ({
    ...{ name: output, opType, domain: '', inputs, outputs: [output], attributes: [] },
  });
  const past = step('Cast', [`${name}is`], `${name}past`);
  const fail = step('Gather', [`${name}list`, `${name}past`], `${name}never`);
  return {
    ...body,
    nodes: [
      ...body.nodes,
      step('Equal', [round.name, `${name}most`], `${name}is`),
      { ...past, attributes: [intAttribute('to', ONNX_DTYPES.i64)] },
      // The runtime's words name the node.
      { ...fail, name: `a loop of more than ${most} rounds` },
      step('Or', [condition.name, `${name}never`], `${name}condition`),
    ],
    initializers: [
      ...body.initializers,
      rawTensor(`${name}most`, {
        ...{ dtype: 'i64', dims: [], data: new Uint8Array(BigInt64Array.of(BigInt(most)).buffer) },
      }),
      rawTensor(`${name}list`, { dtype: 'bool', dims: [1], data: new Uint8Array(1) }),
    ],
    outputs: [{ ...condition, name: `${name}condition` }, ...others],
  };
}

/** `bound_`, with as many underscores more as it takes for no name in sight to begin so. */
function freeName(body: OnnxGraph): string {
  let prefix = 'bound_';
  const text = listNames(body);
  while (text.some((name) => name.startsWith(prefix))) prefix += '_';
  return prefix;
}

const listNames = (graph: OnnxGraph): string[] => [
  ...graph.inputs.map(({ name }) => name),
  ...graph.initializers.map(({ name }) => name),
  ...graph.nodes.flatMap(({ inputs, outputs, attributes }) => [
    ...inputs,
    ...outputs,
    ...attributes.flatMap((each) => (each.graph === undefined ? [] : listNames(each.graph))),
  ]),
];
