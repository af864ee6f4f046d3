import { describe, expect, it } from 'vitest';
import { makeTree } from '../tidy/tree.ts';
import { countLines } from './lines.ts';
import { findDefinition, walkFrom } from './walk.ts';

const treeOf = (texts: Record<string, string>) => makeTree(new Map(Object.entries(texts)));

const HOUSE = treeOf({
  'hub/core/door.ts': `import { store } from './turn.ts';
    import { judge } from './pass.ts';
    import type { Shape } from './shape.ts';
    export function receive(shape: Shape) { return [judge].map((each) => each(shape)) && store(); }
    export const other = () => lonely();`,
  'hub/core/pass.ts': `export { judge } from './judge.ts';`,
  'hub/core/judge.ts': `export const judge = () => receiveAgain();
    const receiveAgain = () => judge();`,
  'hub/core/turn.ts': 'export function store() { return send(); } const send = () => 1;',
  'hub/core/shape.ts': 'export interface Shape { judge: string }',
  'hub/core/door.test.ts': `import { receive } from './door.ts'; receive();`,
});

describe('a walk through the calls', () => {
  it('visits each file once, through files that pass a name on, and no types or tests', () => {
    const start = findDefinition(HOUSE, 'hub/core/', 'receive');
    expect(walkFrom(HOUSE, 'hub/core/', start)).toEqual([
      'hub/core/door.ts',
      'hub/core/judge.ts',
      'hub/core/turn.ts',
    ]);
  });

  it('throws where no file or more than one defines the function', () => {
    expect(() => findDefinition(HOUSE, 'hub/core/', 'nobody')).toThrow('0 files');
    const twice = treeOf({ 'hub/core/a.ts': 'const x = 1;', 'hub/core/b.ts': 'const x = 2;' });
    expect(() => findDefinition(twice, 'hub/core/', 'x')).toThrow('2 files');
  });
});

describe('lines of source', () => {
  it('are counted apart for the product, its tools and its tests', () => {
    const tree = treeOf({
      'hub/core/a.ts': '\n\n',
      'hub/core/a.test.ts': '\n',
      'hub/core/fake-world.ts': '\n',
      'programs/settlement/src/lib.rs': '\n',
      'programs/settlement/tests/a.rs': '\n',
      'programs/build/main.ts': '\n\n\n',
      'bench/a.ts': '\n',
      'sim/a.ts': '\n',
      'README.md': '\n',
    });
    expect(countLines(tree)).toEqual({ product: 3, tools: 4, tests: 4 });
  });
});
