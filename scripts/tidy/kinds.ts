import { resolveImport } from './imports.ts';
import { type Finding, isTest, type Tree } from './tree.ts';

/** What serves jobs of every kind alike. */
const BLIND = /^hub\/core\/(leasing|trust|money)\//;
/** Modules that know what only one kind has. */
const OF_A_KIND = /^(protocol\/(tensors|onnx)\/|hub\/core\/kinds\/(?!kind(-of)?\.ts))/;
/** What a draft and a manifest say by kind, and the way to it. */
const FIELDS = /\b(draft|runtime)\b/;
const WAY_OUT = 'ask `kindOf(job)` for it';

/** Leasing, trust and money that read what only one kind of job has. */
export function checkKinds(tree: Tree): Finding[] {
  return [...tree.sources].flatMap(([path, { imports }]) => {
    if (!BLIND.test(path) || isTest(path)) return [];
    const imported = imports
      .filter(({ specifier }) => OF_A_KIND.test(resolveImport(path, specifier) ?? ''))
      .map(({ specifier, line }) => ({ line, what: `imports ${specifier}` }));
    const read = (tree.texts.get(path) ?? '').split('\n').flatMap((text, at) => {
      const [, field] = /^\s*(\/?\*|\/\/)/.test(text) ? [] : (FIELDS.exec(text) ?? []);
      return field === undefined ? [] : [{ line: at + 1, what: `reads ${field}` }];
    });
    return [...imported, ...read].map(({ line, what }) => {
      return { path, line, message: `${what}, which differs by kind: ${WAY_OUT}` };
    });
  });
}
