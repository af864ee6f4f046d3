import type { OnnxGraph, OnnxModel, OnnxNode } from '#protocol/onnx/model.ts';

/** A residual block, by the node that ends it: its output is `input` plus what the block computed. */
export interface Residual {
  output: string;
  input: string;
}

/**
 * The residual blocks of a graph, in the order of its nodes: an `Add` of a value x and of something
 * computed from x, through which alone x reaches the outputs. The second half tells x from a mask
 * that every layer adds: that one reaches the outputs past this node as well.
 */
export function listResiduals({ nodes, outputs }: OnnxGraph): Residual[] {
  const makers = new Map(
    nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)),
  );
  const users = new Map<string, OnnxNode[]>();
  for (const node of nodes) {
    for (const name of node.inputs) users.set(name, [...(users.get(name) ?? []), node]);
  }
  const wanted = new Set(outputs.map(({ name }) => name));

  const madeFrom = (name: string): readonly string[] => makers.get(name)?.inputs ?? [];
  const comesFrom = (name: string, origin: string): boolean =>
    reaches(name, madeFrom, (each) => each === origin);
  const escapes = (name: string, end: OnnxNode): boolean => {
    const others = (each: string) => (users.get(each) ?? []).filter((user) => user !== end);
    const next = (each: string) => others(each).flatMap(({ outputs: made }) => made);
    return reaches(name, next, (each) => wanted.has(each));
  };

  return nodes.flatMap((node) => {
    const [a = '', b = ''] = node.inputs;
    const [output = ''] = node.outputs;
    if (node.opType !== 'Add' || a === b) return [];
    const input = comesFrom(b, a) ? a : comesFrom(a, b) ? b : undefined;
    return input === undefined || escapes(input, node) ? [] : [{ output, input }];
  });
}

/** Whether steps from one value, itself included, come to a goal. */
function reaches(
  start: string,
  next: (name: string) => readonly string[],
  isGoal: (name: string) => boolean,
): boolean {
  const open = [start];
  const seen = new Set(open);
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (isGoal(name)) return true;
    for (const each of next(name)) {
      if (seen.has(each)) continue;
      seen.add(each);
      open.push(each);
    }
  }
  return false;
}

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

/** The graph without nodes and initializers that no output needs: a cheat would not compute them. */
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
