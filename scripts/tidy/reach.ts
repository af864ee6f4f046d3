import { posix } from 'node:path';
import { resolveImport } from './imports.ts';
import { type Finding, isTest, type Tree } from './tree.ts';

/** Source files that no program, page, configuration or test comes to. */
export function checkReach(tree: Tree): Finding[] {
  const reached = new Set<string>();
  const open = entriesOf(tree);
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (reached.has(path)) continue;
    reached.add(path);
    open.push(...namedBy(path, tree));
  }
  return [...tree.sources.keys()]
    .filter((path) => !reached.has(path))
    .map((path) => ({
      path,
      line: 1,
      message: 'nothing imports or starts this file: delete it, or use it',
    }));
}

/** What runs by itself: programs in package.json, pages, configuration, tests, benchmarks. */
function entriesOf(tree: Tree): string[] {
  const programs = tree.texts.get('package.json') ?? '';
  return [...tree.texts.keys()].filter(
    (path) =>
      /\.(html|mjs)$/.test(path) ||
      path === SERVICE_WORKER ||
      (tree.sources.has(path) &&
        (isTest(path) ||
          /^[\w.-]+\.config\.ts$/.test(path) ||
          /^bench\/[\w-]+\.bench\.ts$/.test(path) ||
          programs.includes(` ${path}`))),
  );
}

/** Vite's plugin is given its folder and its name apart. */
const SERVICE_WORKER = 'web/sw/sw.ts';

/** Files a file imports, or names in a string by a path from itself or from the root. */
function namedBy(path: string, tree: Tree): string[] {
  const source = tree.sources.get(path);
  const words =
    source === undefined
      ? [...(tree.texts.get(path) ?? '').matchAll(/["']([^"']+\.tsx?)["']/g)].map(
          ([, file = '']) => (file.startsWith('.') ? resolveImport(path, file) : file),
        )
      : [
          ...source.imports.map(({ specifier }) => resolveImport(path, specifier)),
          ...source.strings.flatMap((text) => [text, resolveImport(path, text)]),
        ];
  return words.flatMap((word) => {
    const file = word === undefined ? '' : posix.normalize(word.replace(/^\//, ''));
    return tree.sources.has(file) ? [file] : [];
  });
}
