import { posix } from 'node:path';
import { type Finding, isTest, type Tree } from './tree.ts';

/**
 * Our own file an import names, as a path from the root; undefined for a library or a Node module.
 */
export function resolveImport(from: string, specifier: string): string | undefined {
  const bare = specifier.replace(/\?.*$/, '');
  if (/^#(protocol|client|node)\//.test(bare)) return bare.slice(1);
  if (!bare.startsWith('.')) return undefined;
  return posix.join(posix.dirname(from), bare);
}

const PARTS = ['hub', 'worker', 'verifier', 'web'];

/** The row of style.md's import table a file stands in, such as `hub/core`, `web/ui` or `sim`. */
export function zoneOf(path: string): string {
  const [part = '', folder = ''] = path.split('/');
  if (!path.includes('/')) return 'root';
  if (!PARTS.includes(part)) return part;
  if (['core', 'edge', 'ui', 'sw'].includes(folder)) return `${part}/${folder}`;
  return `${part}/main`;
}

/** Zones a file of this zone may import, beside its own. */
function allowedZones(path: string): string[] {
  const zone = zoneOf(path);
  const [part = '', folder] = zone.split('/');
  // A test sees its whole part; what a core's test needs of an edge would be a fault of the core.
  const main = folder === 'main' || (isTest(path) && folder !== 'core');
  switch (zone) {
    case 'protocol':
    case 'e2e':
      return [];
    case 'root':
      return ['scripts'];
    case 'client':
    case 'node':
    case 'programs':
      return ['protocol'];
    case 'web/sw':
      return ['protocol', 'web/core'];
    case 'chain-dev':
      return ['protocol', 'node'];
    case 'sim':
      return ['protocol', ...PARTS.map((each) => `${each}/core`)];
    case 'web/ui':
      return isTest(path) ? ['protocol', 'web/core', 'web/edge'] : ['protocol', 'web/core'];
    default:
      if (folder === 'core') return ['protocol'];
      if (main)
        return [...siblings(path), ...['core', 'edge', 'main', 'ui'].map((it) => `${part}/${it}`)];
      return part === zone ? siblings(path) : [...siblings(path), `${part}/core`];
  }
}

/** Folders beside the parts that an edge may import: `node` only where it runs in Node. */
const siblings = (path: string): string[] =>
  /^(web|worker(?!\/edge\/node))\//.test(path)
    ? ['protocol', 'client']
    : ['protocol', 'client', 'node'];

/** Imports that leave the table: each folder imports only what its row of style.md names. */
export function checkImports(tree: Tree): Finding[] {
  return [...tree.sources].flatMap(([path, { imports }]) =>
    imports.flatMap(({ specifier, line }) => {
      const target = resolveImport(path, specifier);
      // A worker is started by its URL: that import brings an address, not code.
      if (target === undefined || /\?(worker&)?url$/.test(specifier)) return [];
      const message = judgeImport(path, target, tree);
      return message === undefined ? [] : [{ path, line, message }];
    }),
  );
}

function judgeImport(path: string, target: string, tree: Tree): string | undefined {
  if (!tree.exists(target)) {
    return `imports ${target}, which does not exist: write the path with its ending`;
  }
  const [zone, other] = [zoneOf(path), zoneOf(target)];
  const allowed = allowedZones(path);
  if (zone === other || allowed.includes(other)) return undefined;
  const may = allowed.length === 0 ? 'nothing of ours but itself' : allowed.join(', ');
  return `${zone} imports ${other} (${target}); it may import ${may}: move what both need to protocol/, or pass it in from main.ts`;
}
