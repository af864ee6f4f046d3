import { resolveImport } from './imports.ts';
import { type Finding, isTest, type Tree } from './tree.ts';

/**
 * The order of folders and files inside a core, from the ground up: each imports only itself and
 * what stands before it. A core that is missing here is flat. Tests see their whole core.
 */
export const FOLDER_ORDER: Readonly<Record<string, readonly string[]>> = {
  'hub/core': [
    'models',
    'log',
    'state',
    'kinds',
    'turn.ts',
    'trust',
    'leasing',
    'verifiers',
    'jobs',
    'sessions',
    'money',
    'apply',
    'checking',
    'results',
    'failing',
    'commands.ts',
    'recalled.ts',
    'follow.ts',
    'open.ts',
    'views.ts',
    'model-stats.ts',
    'hub.ts',
    'hub-bench.ts',
    'fake-world.ts',
    'fake-court.ts',
  ],
  'verifier/core': [
    'state',
    'turn.ts',
    'trust',
    'draws',
    'kinds',
    'link',
    'checks',
    'audit',
    'settlement',
    'marks.ts',
    'prepare.ts',
    'examine.ts',
    'persisted.ts',
    'verifier.ts',
    'fake-disk.ts',
    'fake-world.ts',
  ],
  protocol: [
    'values',
    'bytes',
    'files',
    'tensors',
    'models',
    'generation',
    'checks',
    'records',
    'settlement',
    'tasks',
    'api',
    'messages',
    'onnx',
    'decoders',
    'openai',
  ],
};

const WAY_OUT = 'Move what one of them takes from the next into a file below both';

/** Import loops between our files, types and tests included. */
export function checkCircles(tree: Tree): Finding[] {
  const graph = importGraph(tree);
  return findLoops(graph).flatMap((loop) =>
    loop.map((path) => {
      const way = shortestLoop(path, graph, new Set(loop)).join(' → ');
      return { path, line: 1, message: `an import loop: ${way}. ${WAY_OUT}` };
    }),
  );
}

const GIVE_PLACE = 'add it to FOLDER_ORDER in circles.ts';
const MOVE_DOWN = 'move what it needs down, or this file up';

/** Imports of a core's folder from one that stands later, and folders without a place. */
export function checkFolderOrder(tree: Tree, order = FOLDER_ORDER): Finding[] {
  return Object.entries(order).flatMap(([core, places]) => {
    const placeOf = (path: string) => path.slice(core.length + 1).split('/')[0] ?? '';
    const inside = (path: string) => path.startsWith(`${core}/`);
    const files = [...importGraph(tree)].filter(([path]) => inside(path) && !isTest(path));
    return files.flatMap(([path, targets]) => {
      const own = places.indexOf(placeOf(path));
      if (own < 0) {
        const message = `${placeOf(path)} has no place in the order of ${core}: ${GIVE_PLACE}`;
        return [{ path, line: 1, message }];
      }
      return [...targets]
        .filter((target) => inside(target) && places.indexOf(placeOf(target)) > own)
        .map((target) => ({
          path,
          line: 1,
          message: `${placeOf(path)} imports ${target}, which stands later: ${MOVE_DOWN}`,
        }));
    });
  });
}

type Graph = Map<string, Set<string>>;

/** Our files and those of ours that each imports; addresses of workers are no imports. */
export function importGraph(tree: Tree): Graph {
  const graph: Graph = new Map();
  for (const [path, { imports }] of tree.sources) {
    const targets = imports
      .filter(({ specifier }) => !/\?(worker&)?url$/.test(specifier))
      .map(({ specifier }) => resolveImport(path, specifier) ?? '');
    graph.set(path, new Set(targets.filter((target) => tree.sources.has(target))));
  }
  return graph;
}

/** Sets of files that all reach each other, and files that import themselves (Tarjan). */
export function findLoops(graph: Graph): string[][] {
  const seen = new Map<string, { index: number; low: number; open: boolean }>();
  const stack: string[] = [];
  const loops: string[][] = [];
  const visit = (path: string) => {
    const node = { index: seen.size, low: seen.size, open: true };
    seen.set(path, node);
    stack.push(path);
    for (const target of graph.get(path) ?? []) {
      const other = seen.get(target) ?? visit(target);
      if (other.open) node.low = Math.min(node.low, other.low);
    }
    if (node.low < node.index) return node;
    const loop = stack.splice(stack.indexOf(path));
    for (const each of loop) Object.assign(seen.get(each) ?? {}, { open: false });
    if (loop.length > 1 || graph.get(path)?.has(path)) loops.push(loop.sort());
    return node;
  };
  for (const path of graph.keys()) if (!seen.has(path)) visit(path);
  return loops;
}

/** The shortest way from a file back to itself, both ends named. */
function shortestLoop(start: string, graph: Graph, loop: Set<string>): string[] {
  const ways = [[start]];
  const seen = new Set<string>();
  for (const way of ways) {
    for (const target of graph.get(way.at(-1) ?? '') ?? []) {
      if (target === start) return [...way, start];
      if (!loop.has(target) || seen.has(target)) continue;
      seen.add(target);
      ways.push([...way, target]);
    }
  }
  return [start];
}
