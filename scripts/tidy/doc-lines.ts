import { posix } from 'node:path';
import { resolveImport } from './imports.ts';
import { type Finding, isTest, type Tree } from './tree.ts';

const EXPORT = /^export (?:async )?(?:function\*?|const|class|interface|type|enum) (\w+)/gm;
const NAMED = /import (?:type )?\{([^}]*)\} from '([^']+)'/g;
const PRODUCT = /^(?:client|cli|chain-dev|hub|node|protocol|verifier|web|worker)\//;

/** Exports of the product that another folder imports by name, without a doc line. */
export function checkDocLines(tree: Tree): Finding[] {
  const used = readUses(tree);
  return [...tree.texts].flatMap(([path, text]) => {
    if (!PRODUCT.test(path) || isTest(path) || /generated|\/(?:fake|sample)-/.test(path)) return [];
    const seen = new Set<string>();
    return [...text.matchAll(EXPORT)].flatMap(({ 1: name = '', index }) => {
      // A type and its schema share a name, and the doc line of the first.
      const isFirst = !seen.has(name);
      seen.add(name);
      const above = text.slice(0, index).trimEnd();
      const isSaid = above.endsWith('*/') && !text.slice(above.length, index).includes('\n\n');
      if (!isFirst || isSaid || !used.has(`${path} ${name}`)) return [];
      const line = text.slice(0, index).split('\n').length;
      const message = `${name} is imported by another folder: say in a doc line what it does`;
      return [{ path, line, message }];
    });
  });
}

function readUses(tree: Tree): Set<string> {
  const used = new Set<string>();
  for (const [path, text] of tree.texts) {
    for (const { 1: names = '', 2: specifier = '' } of text.matchAll(NAMED)) {
      const file = resolveImport(path, specifier);
      if (file === undefined || posix.dirname(file) === posix.dirname(path)) continue;
      for (const name of names.split(',')) {
        used.add(
          `${file} ${
            name
              .trim()
              .replace(/^type /, '')
              .split(' as ')[0]
          }`,
        );
      }
    }
  }
  return used;
}
