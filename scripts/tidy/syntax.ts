import { parseSync } from 'vite';

/** What the rules need to know of one source file. Lines count from 1. */
export interface Syntax {
  imports: { specifier: string; line: number; typeOnly: boolean }[];
  /** Every plain string literal that is no import, for files started or read by name. */
  strings: string[];
  comments: { text: string; line: number }[];
  /** Names called, as written: `expect`, `fc.assert`. */
  calls: Set<string>;
}

interface Node {
  type: string;
  start: number;
  end: number;
  [field: string]: unknown;
}
interface Visit {
  node: Node;
  /** The field of the node above that holds this one. */
  key: string;
  up?: Visit;
}

/** Parses TypeScript or TSX with the parser inside Vite (oxc). Throws on a syntax error. */
export function parseSyntax(path: string, text: string): Syntax {
  const parsed = parseSync(path, text);
  const [error] = parsed.errors;
  if (error !== undefined) throw new Error(`${path}: ${error.message}`);
  const lineOf = lineCounter(text);
  const visits: Visit[] = [];
  collect({ node: parsed.program as unknown as Node, key: '' }, visits);
  return {
    imports: readImports(visits, lineOf),
    strings: visits.flatMap((visit) => plainString(visit)),
    comments: parsed.comments.map(({ value, start }) => ({ text: value, line: lineOf(start) })),
    calls: new Set(visits.flatMap(({ node }) => calledName(node))),
  };
}

function collect(visit: Visit, into: Visit[]): void {
  into.push(visit);
  for (const [key, value] of Object.entries(visit.node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (isNode(child)) collect({ node: child, key, up: visit }, into);
    }
  }
}

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as Partial<Node>).type === 'string' &&
  typeof (value as Partial<Node>).start === 'number';

function lineCounter(text: string): (offset: number) => number {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (offset) => {
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  };
}

const IMPORTERS = new Set([
  'ImportDeclaration',
  'ExportNamedDeclaration',
  'ExportAllDeclaration',
  'ImportExpression',
  'TSImportType',
]);

function readImports(visits: readonly Visit[], lineOf: (offset: number) => number) {
  return visits.flatMap(({ node }) => {
    const source = node['source'];
    if (!IMPORTERS.has(node.type) || !isNode(source)) return [];
    const specifier = source['value'];
    if (typeof specifier !== 'string') return [];
    const typeOnly =
      node.type === 'TSImportType' ||
      node['importKind'] === 'type' ||
      node['exportKind'] === 'type';
    return [{ specifier, line: lineOf(node.start), typeOnly }];
  });
}

function plainString({ node, key, up }: Visit): string[] {
  if (node.type !== 'Literal' || typeof node['value'] !== 'string') return [];
  const imported = key === 'source' && up !== undefined && IMPORTERS.has(up.node.type);
  return imported ? [] : [node['value']];
}

function calledName(node: Node): string[] {
  if (node.type !== 'CallExpression') return [];
  const callee = node['callee'];
  if (!isNode(callee)) return [];
  if (typeof callee['name'] === 'string') return [callee['name']];
  const { object, property } = callee as { object?: unknown; property?: unknown };
  if (!isNode(object) || !isNode(property)) return [];
  return [`${String(object['name'])}.${String(property['name'])}`, String(property['name'])];
}
