import type { OnnxGraph, OnnxNode } from './model.ts';

/** The graph without nodes and weights that none of its outputs needs. */
export function dropDead(graph: OnnxGraph): OnnxGraph {
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
