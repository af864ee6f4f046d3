import { isBuiltin } from 'node:module';
import { resolveImport, zoneOf } from './imports.ts';
import { type Finding, isTest, type Tree } from './tree.ts';

/**
 * Libraries a whole zone may use, with the reason. Anything else has one edge file in each part.
 */
const EVERYWHERE: Record<string, { zones: RegExp; reason: string }> = {
  valibot: {
    zones: /^(protocol|node|cli|chain-dev|\w+\/edge)$/,
    reason: 'schemas are written in it',
  },
  '@noble/hashes': { zones: /^protocol$/, reason: 'pure arithmetic, in digests and trees' },
  '@noble/curves': { zones: /^protocol$/, reason: 'pure arithmetic, in signatures' },
  '@scure/base': { zones: /^protocol$/, reason: 'pure arithmetic, in keys of the chain' },
  canonicalize: { zones: /^protocol$/, reason: 'the canonical JSON of what is signed' },
  preact: { zones: /^web\/(ui|main|edge)$/, reason: 'the language the pages are written in' },
  '@preact/signals': { zones: /^web\/(ui|main|edge)$/, reason: 'the state the pages show' },
  '@lingui/core': {
    zones: /^web\/(core|ui|edge|main)$/,
    reason: 'sentences are written in it; catalogues and Intl alone',
  },
  hono: { zones: /^hub\/edge$/, reason: 'routes are spread over a file for each resource' },
  'onnxruntime-web': { zones: /^worker\/edge$/, reason: 'each compute worker carries a bundle' },
  vitest: { zones: /^(?!e2e$)/, reason: 'the test runner' },
  'fast-check': { zones: /^(?!e2e$)/, reason: 'property tests' },
  '@playwright/test': { zones: /^(e2e|root)$/, reason: 'the browser driver' },
  'playwright-core': { zones: /^(bench|scripts)$/, reason: 'the browser driver' },
};

/** Libraries that are arithmetic alone; pure code may wrap them, in one file. */
const ARITHMETIC: Record<string, string> = {
  fflate: 'inflates the members of an NPZ file',
  pbf: 'reads and writes the wire format of ONNX files',
};

/** Libraries that a few parts know: all others reach a chain by its URL. */
const OWNED: Record<string, RegExp> = {
  litesvm: /^(chain-dev|programs)$/,
  '@solana/kit': /^chain-dev$/,
};

/** Cores see the language alone. */
const PURE = /^(protocol|\w+\/core)$/;

/** The package a specifier names: `@scope/name` or `name`; undefined for our files. */
export function libraryOf(path: string, specifier: string): string | undefined {
  if (specifier.startsWith('virtual:') || resolveImport(path, specifier) !== undefined)
    return undefined;
  if (specifier.startsWith('#') || specifier.startsWith('/')) return undefined;
  const [first = '', second] = specifier.replace(/\?.*$/, '').split('/');
  return first.startsWith('@') ? `${first}/${second ?? ''}` : first;
}

/**
 * Libraries and Node modules in pure code, and libraries wrapped by more than one file of a part.
 */
export function checkLibraries(tree: Tree): Finding[] {
  const owners = new Map<string, string>();
  const findings: Finding[] = [];
  for (const [path, { imports }] of [...tree.sources].sort(([a], [b]) => (a < b ? -1 : 1))) {
    for (const { specifier, line, typeOnly } of imports) {
      const library = libraryOf(path, specifier);
      if (library === undefined || isTest(path)) continue;
      const message = judgeLibrary({ path, library, typeOnly, owners });
      if (message !== undefined) findings.push({ path, line, message });
    }
  }
  return findings;
}

interface Use {
  path: string;
  library: string;
  typeOnly: boolean;
  /** The file of each part that wraps each library, found so far. */
  owners: Map<string, string>;
}

function judgeLibrary({ path, library, typeOnly, owners }: Use): string | undefined {
  const zone = zoneOf(path);
  if (EVERYWHERE[library]?.zones.test(zone)) return undefined;
  if (OWNED[library]?.test(zone) === false) {
    return `${zone} imports ${library}: ask the chain by its URL, as of any cluster`;
  }
  const node = isBuiltin(library);
  if (PURE.test(zone) && !Object.hasOwn(ARITHMETIC, library)) {
    return `${zone} is pure and imports ${library}: name what it does as an effect or an argument, and import it in edge/`;
  }
  if (node || typeOnly || ['scripts', 'bench', 'e2e', 'root'].includes(zone)) return undefined;
  const [part = ''] = zone.split('/');
  // A browser worker, a Node worker and the service worker are worlds of their own.
  const world =
    /^worker\/edge\/(node|browser)\//.exec(path)?.[1] ?? (zone === 'web/sw' ? 'sw' : '');
  const key = `${part} ${world} ${library}`;
  const owner = owners.get(key);
  if (owner === undefined) owners.set(key, path);
  if (owner === undefined || owner === path) return undefined;
  return `${library} is wrapped by ${owner} already: import what that file exports`;
}
