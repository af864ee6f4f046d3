import type { OnnxGraph, OnnxModel, OnnxNode } from '../model.ts';
import { listResiduals } from '../residuals.ts';

/** The model without the last `count` residual blocks: each is replaced by its own input. */
export function skipResiduals(model: OnnxModel, count: number): OnnxModel {
  const { graph } = model;
  const skipped = new Map(
    listResiduals(graph)
      .slice(-count)
      .map(({ output, input }) => [output, input]),
  );
  const follow = (name: string): string => {
    let followed = name;
    for (let to = skipped.get(followed); to !== undefined; to = skipped.get(followed))
      followed = to;
    return followed;
  };
  const nodes = graph.nodes.map((node): OnnxNode => {
    const [output = ''] = node.outputs;
    const input = skipped.get(output);
    // It may be an output of the graph, so the name has to go on being made.
    if (input !== undefined) {
      return { ...node, opType: 'Identity', inputs: [follow(input)], attributes: [] };
    }
    return { ...node, inputs: node.inputs.map(follow) };
  });
  return { ...model, graph: dropDead({ ...graph, nodes }) };
}

/** The graph without what no output needs: a cheat would not compute it. */
function dropDead(graph: OnnxGraph): OnnxGraph {
  const needed = new Set(graph.outputs.map(({ name }) => name));
  const kept: OnnxNode[] = [];
  for (const node of graph.nodes.toReversed()) {
    if (!node.outputs.some((name) => needed.has(name))) continue;
    kept.push(node);
    for (const name of node.inputs) needed.add(name);
  }
  const initializers = graph.initializers.filter(({ name }) => needed.has(name));
  return { ...graph, nodes: kept.toReversed(), initializers };
}
