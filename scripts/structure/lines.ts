import { isTest, type Tree } from '../tidy/tree.ts';

/** Source lines of a tree, blank ones and comments included, by what they are for. */
export interface SourceLines {
  /** What runs on a grid, and its pages. */
  product: number;
  /**
   * What builds, starts, measures and checks it: `scripts/`, `bench/`, `programs/` but the program.
   */
  tools: number;
  /** Tests, contract suites, journeys, the simulator and what they alone use. */
  tests: number;
}

/** Counts the lines of TypeScript and Rust. */
export function countLines(tree: Tree): SourceLines {
  const counts: SourceLines = { product: 0, tools: 0, tests: 0 };
  for (const [path, text] of tree.texts) {
    if (!/\.(tsx?|rs)$/.test(path)) continue;
    counts[purposeOf(path)] += text.split('\n').length - 1;
  }
  return counts;
}

function purposeOf(path: string): keyof SourceLines {
  const name = path.split('/').at(-1) ?? '';
  const isNamedSo = /^(fake|sample)[-.]|-bench\.ts$/.test(name);
  const standsIn = isNamedSo || /\/tests?\/|^(node|hub\/edge)\/test-/.test(path);
  if (isTest(path) || standsIn || /^(e2e|sim)\//.test(path)) return 'tests';
  const program = /^programs\/(interface|settlement)\//.test(path);
  return !program && /^(scripts|bench|programs)\//.test(path) ? 'tools' : 'product';
}
