import type { OnnxGraph, OnnxNode } from './model.ts';

/** A residual block, by the node that ends it: `output` is `input` and what it computed. */
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
