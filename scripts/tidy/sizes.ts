import type { Finding, Tree } from './tree.ts';

export const FILE_LINES_MAX = 500;
export const FILE_LINES_WARN = 400;
export const FUNCTION_LINES_MAX = 70;
export const PARAMETERS_MAX = 3;

/** Files and functions that are too long, and functions that take too much. */
export function checkSizes(tree: Tree): Finding[] {
  const findings = tooLong(tree, FILE_LINES_MAX);
  for (const [path, { functions }] of tree.sources) {
    for (const { name, line, lines, parameters } of functions) {
      if (lines > FUNCTION_LINES_MAX && !isSuite(path, name)) {
        const message = `${name} is ${lines} lines, past ${FUNCTION_LINES_MAX}: give a step of it a name of its own`;
        findings.push({ path, line, message });
      }
      if (parameters > PARAMETERS_MAX) {
        const message = `${name} takes ${parameters} parameters, past ${PARAMETERS_MAX}: pass an options object`;
        findings.push({ path, line, message });
      }
    }
  }
  return findings;
}

/** Files that come near the limit; told, never refused. */
export const warnSizes = (tree: Tree): Finding[] => tooLong(tree, FILE_LINES_WARN);

function tooLong(tree: Tree, limit: number): Finding[] {
  return [...tree.sources.keys()].flatMap((path) => {
    const lines = (tree.texts.get(path) ?? '').trimEnd().split('\n').length;
    const message = `${lines} lines, past ${limit}: split it by idea`;
    return lines > limit ? [{ path, line: 1, message }] : [];
  });
}

/** The body of `describe` holds tests, each measured by itself. */
const isSuite = (path: string, name: string) =>
  name === 'a function' && /\.(test|spec|contract)\.tsx?$/.test(path);
