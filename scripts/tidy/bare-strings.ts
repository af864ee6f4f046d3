import { parseSync } from 'vite';
import { type Finding, isTest, type Tree } from './tree.ts';

/**
 * What a page shows, and what makes its sentences; workers and the service worker say nothing, and
 * why a peer's connection ended is told to the worker alone.
 */
const PAGE = /^web\/(main\.tsx|(core|edge(?!\/contribute\/peers)|ui)\/.*\.tsx?)$/;
/** Tags and calls whose words are extracted into the catalogues. */
const SAID = /^(t|msg|plural|select|Trans|Plural)$/;
/** Calls whose words no reader of the page sees. */
const UNSEEN =
  /^(console\.\w+|matchMedia|\w*Error|.*\.(append|closest|get|getContext|querySelector|setRequestHeader))$/;
const TEXT_ATTRIBUTES =
  /^(title|aria-label|aria-description|placeholder|alt|label|hint|note|says|sure|shown|caption|summary)$/;
const OTHER_ATTRIBUTES =
  /^(class|style|d|points|viewBox|accept|data-.*|aria-(describedby|labelledby|live))$/;
/** Names that are the same in every language, and examples of what is typed. */
const NAMES =
  /^(\d+px [\w-]+|pocketgrid|JSON Lines|safetensors|SHA-256|NPY|NaN|WebGPU|WASM|lamports|SOL|GPU|pg_…|owner\/my-model|https:\/\/\S+|Handwritten digits)$/;

interface Node {
  type: string;
  start: number;
  end: number;
  [field: string]: unknown;
}

/** Words that a page would show in one language alone, as they stand in the code. */
export function checkBareStrings(tree: Tree): Finding[] {
  return [...tree.sources.keys()].flatMap((path) => {
    if (!PAGE.test(path) || isTest(path)) return [];
    const text = tree.texts.get(path) ?? '';
    return findBare(path, text).map(({ start, words }) => ({
      path,
      line: text.slice(0, start).split('\n').length,
      message: `“${words}” is said in one language alone: wrap it in t, msg or Trans, and run \`npm run languages\``,
    }));
  });
}

interface Bare {
  start: number;
  words: string;
}

function findBare(path: string, text: string): Bare[] {
  const found: Bare[] = [];
  const see = (node: Node, isText: boolean): void => {
    const words = wordsOf(node);
    if (words !== undefined && isBare(words, isText || node.type === 'JSXText')) {
      found.push({ start: node.start, words: words.trim() });
    }
    for (const child of isSaid(node, text) ? valuesOf(node) : childrenOf(node)) {
      const next = stepInto(node, child, text);
      if (next !== undefined) see(child, next === 'same' ? isText : next);
    }
  };
  see(parseSync(path, text).program as unknown as Node, false);
  return found;
}

/** A template that is extracted; what it is filled with may still be bare. */
const isSaid = (node: Node, text: string): boolean =>
  node.type === 'TaggedTemplateExpression' && SAID.test(sourceOf(node['tag'], text));

const valuesOf = (tagged: Node): Node[] => (tagged['quasi'] as { expressions: Node[] }).expressions;

function sourceOf(part: unknown, text: string): string {
  const { start, end } = part as Node;
  return text.slice(start, end);
}

/** Whether what is in a child is shown as text for sure; undefined where it is not looked at. */
function stepInto(node: Node, child: Node, text: string): boolean | 'same' | undefined {
  const nameOf = (part: unknown) => sourceOf(part, text);
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportAllDeclaration':
    case 'ExportNamedDeclaration':
      return child.type === 'Literal' ? undefined : false;
    case 'CallExpression':
    case 'NewExpression': {
      const name = nameOf(node['callee']);
      return SAID.test(name) || UNSEEN.test(name) ? undefined : false;
    }
    case 'BinaryExpression':
      return /^[!=]==$|^in$/.test(String(node['operator'])) ? undefined : 'same';
    case 'Property':
      return child === node['key'] && node['value'] !== child ? undefined : false;
    case 'JSXElement':
      return SAID.test(nameOf((node['openingElement'] as Node)['name'])) ? undefined : false;
    case 'JSXAttribute': {
      const name = nameOf(node['name']);
      return OTHER_ATTRIBUTES.test(name) ? undefined : TEXT_ATTRIBUTES.test(name);
    }
    default:
      return node.type.startsWith('TS') && !/^TS(As|Satisfies|NonNull)/.test(node.type)
        ? undefined
        : 'same';
  }
}

/** The words of a literal, a template or a text between tags. */
function wordsOf(node: Node): string | undefined {
  if (node.type === 'JSXText') return String(node['value']);
  if (node.type === 'Literal' && typeof node['value'] === 'string') return node['value'];
  if (node.type !== 'TemplateElement') return undefined;
  return (node['value'] as { cooked: string }).cooked;
}

/** Text that is shown has words; of other strings, several in a row tell that they are for a reader. */
function isBare(words: string, isText: boolean): boolean {
  const plain = words.replace(/^[↓←·\s]+|[\s:]+$/g, '');
  if (NAMES.test(plain) || !/\p{L}{2}/u.test(plain)) return false;
  return isText || /\p{L}{2,}[,;:]? \p{L}{2,}|^\p{Lu}\p{Ll}+(?: \p{L}+)*[.!?…]$/u.test(plain);
}

function childrenOf(node: Node): Node[] {
  return Object.values(node)
    .flatMap((value) => (Array.isArray(value) ? value : [value]))
    .filter(
      (value): value is Node =>
        typeof value === 'object' &&
        value !== null &&
        typeof (value as Partial<Node>).type === 'string' &&
        typeof (value as Partial<Node>).start === 'number',
    );
}
