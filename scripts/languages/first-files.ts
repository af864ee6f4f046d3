import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const IMPORT = /^(?:import|export) (?!type\b)[^'";]*?(?:from )?'(\.[^'?]+\.tsx?)'/gm;
/** Asks for sentences while the page comes. */
const START = 'web/start.ts';
const PAGE = 'web/main.tsx';

/** Modules of the page that loads first, as paths: what its entry imports at once. */
export const firstFiles = (root: string): string[] => follow(join(root, PAGE));

/** Those of them that the script before it has already. */
export const startFiles = (root: string): string[] => follow(join(root, START));

function follow(entry: string): string[] {
  const found = new Set<string>();
  const open = [entry];
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (found.has(file)) continue;
    found.add(file);
    for (const [, path = ''] of readFileSync(file, 'utf8').matchAll(IMPORT)) {
      open.push(join(dirname(file), path));
    }
  }
  return [...found].sort();
}
