import type { Partition } from '#protocol/values/provider.ts';

const METHODS = ['log', 'info', 'warn', 'error', 'debug'] as const;
/** As onnxruntime says it when it has asked WebNN which nodes it can take. */
const SAID =
  /number of partitions supported by WebNN: (\d+) number of nodes in the graph: (\d+) number of nodes supported by WebNN: (\d+)/;

/** Reads a line of the runtime's log; undefined where it says nothing of a partition. */
export function readPartition(line: string): Partition | undefined {
  const [, parts, nodes, taken] = SAID.exec(line) ?? [];
  if (parts === undefined) return undefined;
  return { nodes: Number(nodes), taken: Number(taken), parts: Number(parts) };
}

/**
 * Listens to the console, which is where the runtime writes, until the partition is asked for. Graphs
 * inside a graph have lines of their own: they are added up. What says nothing of it is not shown.
 */
export function hearPartition(): () => Partition | undefined {
  let heard: Partition | undefined;
  const output = globalThis.console;
  const kept = METHODS.map((method) => [method, output[method]] as const);
  for (const method of METHODS) {
    output[method] = (...words: unknown[]) => {
      const found = readPartition(String(words[0]));
      if (found === undefined) return;
      const { nodes, taken, parts } = heard ?? { nodes: 0, taken: 0, parts: 0 };
      heard = {
        nodes: nodes + found.nodes,
        taken: taken + found.taken,
        parts: parts + found.parts,
      };
    };
  }
  return () => {
    for (const [method, act] of kept) output[method] = act;
    return heard;
  };
}
