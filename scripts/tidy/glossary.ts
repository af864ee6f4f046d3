import type { Finding, Tree } from './tree.ts';

export const GLOSSARY = 'docs/glossary.md';

/**
 * Words of deleted mechanisms, as they stood in code and documents; the glossary lists the same.
 */
export const RETIRED_TERMS: Readonly<Record<string, RegExp>> = {
  appeal: /appeal/i,
  'assurance by number': /\bassurance\W{1,3}[0-3]\b/i,
  auditor: /\bauditors?\b|isAuditor/i,
  barred: /\bbarred\b|Barred/,
  canary: /canary|canaries/i,
  conviction: /convict/i,
  drift: /\b[Dd]rift|[a-z]Drift/,
  'exit audit': /\bexit[- ]audits?\b|exitAudit/i,
  'forced error': /\bforced[ -]?errors?\b/i,
  lapse: /\blapse[sd]?\b/i,
  leg: /\blegs?\b/i,
  'network share': /\bnetwork[- ]shares?\b(?! a )|networkShare/i,
  seal: /\b(?:un)?seal(?:s|ed|ing)?\b/i,
  'second device': /\bsecond (?:device|computation)s?\b/i,
  'set aside': /\bset[- ]aside\b|\bsets aside\b/i,
  'settlement epoch': /\bsettlement[- ]epochs?\b|epochCap/i,
};

/** Files that may say what was: this list, its tests, old tables and the history of attacks. */
const MAY_SAY_RETIRED = new RegExp(
  [
    `^${GLOSSARY}$`,
    '^docs/verification\\.md$',
    '^scripts/tidy/(?:glossary|rules\\.test)\\.ts$',
    '^hub/edge/store/(?:migrations|store\\.slow\\.test)',
  ].join('|'),
);

interface Entry {
  line: number;
  term: string;
  cells: readonly string[];
}

/** Terms that stand twice, that are not in use where the glossary says, and retired ones in use. */
export function checkGlossary(tree: Tree): Finding[] {
  const text = tree.texts.get(GLOSSARY);
  if (text === undefined) return [];
  const [current = '', retired = ''] = text.split(/^(?=## Retired terms)/m);
  const start = current.split('\n').length - 1;
  const terms = entriesOf(current, 0);
  const old = entriesOf(retired, start);
  return [
    ...findTwins([...terms, ...old]),
    ...terms.flatMap((entry) => findUnused(tree, entry)),
    ...compareLists(old),
    ...findRetired(tree),
  ];
}

/** Rows of tables whose first cell is a term in bold. */
function entriesOf(text: string, before: number): Entry[] {
  return text.split('\n').flatMap((words, index) => {
    const term = /^\| \*\*([^*]+)\*\* \|/.exec(words)?.[1];
    if (term === undefined) return [];
    return [{ line: before + index + 1, term, cells: words.split(' | ') }];
  });
}

function findTwins(entries: readonly Entry[]): Finding[] {
  const seen = new Set<string>();
  return entries.flatMap(({ term, line }) => {
    if (!seen.has(term)) {
      seen.add(term);
      return [];
    }
    return [{ path: GLOSSARY, line, message: `${term} stands twice: a term has one meaning` }];
  });
}

function findUnused(tree: Tree, { term, cells, line }: Entry): Finding[] {
  const folders = [...(cells.at(-1) ?? '').matchAll(/`([^`]+)`/g)].map(([, folder = '']) => folder);
  const says = saysTerm(term);
  const unused = folders.filter((folder) => {
    const inside = [...tree.texts].filter(([path]) => path.startsWith(folder));
    return !inside.some(([path, text]) => path !== GLOSSARY && says(text));
  });
  if (folders.length === 0) unused.push('a folder in backticks');
  return unused.map((folder) => ({
    path: GLOSSARY,
    line,
    message: `${term} is not in use in ${folder}: correct where it is used, or take the term out`,
  }));
}

/** Whether a text has a word or a part of a camel-case name that begins with the term. */
function saysTerm(term: string): (text: string) => boolean {
  const pattern = term.replaceAll(' ', '[\\s*_-]*');
  const word = new RegExp(`\\b${pattern}`, 'i');
  const capital = pattern.replace(/^.|(?<=\]\*)./g, (letter) => letter.toUpperCase());
  const part = new RegExp(`[a-z]${capital}`);
  return (text) => word.test(text) || part.test(text);
}

function compareLists(old: readonly Entry[]): Finding[] {
  const rows = old.map(({ term }) => term);
  const names = Object.keys(RETIRED_TERMS);
  const missing = names.filter((name) => !rows.includes(name));
  return [
    ...missing.map((term) => ({
      path: GLOSSARY,
      line: 1,
      message: `${term} is retired and not listed: add a row under "Retired terms"`,
    })),
    ...old
      .filter(({ term }) => !names.includes(term))
      .map(({ term, line }) => ({
        path: GLOSSARY,
        line,
        message: `${term} has no pattern: add one to RETIRED_TERMS`,
      })),
  ];
}

function findRetired(tree: Tree): Finding[] {
  const patterns = Object.entries(RETIRED_TERMS);
  return [...tree.texts].flatMap(([path, text]) => {
    if (!/\.(?:tsx?|md)$/.test(path) || MAY_SAY_RETIRED.test(path)) return [];
    return text.split('\n').flatMap((words, index) =>
      patterns
        .filter(([, pattern]) => pattern.test(words))
        .map(([term]) => ({
          path,
          line: index + 1,
          message: `${term} is retired: ${GLOSSARY} says what took its place`,
        })),
    );
  });
}
